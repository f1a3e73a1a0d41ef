import type { JsonSchema } from "./json-schema.ts";

const address: JsonSchema = { type: "string", minLength: 1 };
const file: JsonSchema = { type: "string", minLength: 1, description: "path of a PEM file" };

/** Schemas of the keys that every process reads. Plain JSON Schema, so that reading them loads no schema library. */
export const commonSections = {
  app: {
    type: "object",
    description: "The application beside the runtime",
    additionalProperties: false,
    properties: {
      app_id: {
        type: "string",
        description: "Name of the application; prefix of lock and sequencer keys",
      },
      grpc_callback_port: {
        anyOf: [
          { type: "integer", minimum: 0, maximum: 65_535 },
          { type: "string", pattern: "^\\d{1,5}$" },
        ],
        "x-message": "must be a port number",
        description: "Port on which the application serves AppCallback",
      },
      grpc_callback_host: {
        type: "string",
        description: "Host of the application; default 127.0.0.1",
      },
    },
  },
  log: {
    type: "object",
    additionalProperties: false,
    properties: {
      level: {
        enum: ["trace", "debug", "info", "warn", "warning", "error", "critical", "fatal", "off"],
        description: "Lowest level that is written; default info",
      },
    },
  },
  data_dir: {
    type: "string",
    minLength: 1,
    description: "Directory of embedded storage; default .layotto/data",
  },
  run_dir: { type: "string", minLength: 1, description: "Directory of sockets, mode 0700" },
  installation: {
    type: "string",
    minLength: 1,
    description: "Owner of the data directory; default app.app_id",
  },
  listen: {
    ...address,
    description: "Address of a sidecar that runs alone: host:port or unix:/path",
  },
  token: {
    type: "string",
    minLength: 8,
    secret: true,
    description: "Callers of a sidecar on TCP must send it",
  },
  tls: {
    type: "object",
    description: "TLS on the TCP listener of a sidecar that runs alone",
    additionalProperties: false,
    required: ["cert", "key"],
    properties: {
      cert: file,
      key: file,
      clientCa: { ...file, description: "demands client certificates signed by it" },
    },
  },
  socket_mode: {
    type: "string",
    pattern: "^0?[0-7]{3}$",
    "x-message": "must be octal like 0660",
    description: "File mode of a unix socket that a sidecar listens on alone; default 0600",
  },
  socket_group: {
    type: ["string", "integer"],
    description: "Group, name or number, that owns that socket; default: that of the process",
  },
  insecure: {
    type: "boolean",
    description: "Allows a sidecar on TCP beyond this machine without token or client certificates",
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** Sections that Layotto knows, or that are made of a MOSN file. One whose sidecar is not installed is a warning in a Layotto-shaped file. */
export const layottoSections: readonly string[] = [
  "hellos", "config_store", "rpcs", "pub_subs", "state", "lock", "sequencer", "file", "oss", "bindings",
  "secret_store", "cryption", "email", "phone", "sms", "custom_component", "extends", "mesh", "wasm",
]; // prettier-ignore
