// The schema of the section wasm: schema.json is generated from it. What it cannot say, such as that a listener is open
// to other machines, is found by config/read-settings.ts.
import { secret } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { functionEntry, plugin } from "./config/schema-function.ts";

const address = z.string().min(1).meta({ description: "host:port, or unix:/path" });

const insecure = z
  .boolean()
  .optional()
  .meta({ description: "Allows an address that other machines can reach" });

const listener = z.strictObject({
  name: z.string().min(1).optional().meta({ description: "Default functions, functions-2 …" }),
  address,
  insecure,
});

const admin = z.strictObject({
  address,
  token: secret({ minLength: 8 })
    .optional()
    .meta({ description: "Callers send it as authorization: Bearer TOKEN", secret: true }),
  insecure,
});

const sources = z.strictObject({
  urls: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: "Beginnings of URLs that modules may come from; default none" }),
  registries: z.array(z.string().min(1)).optional().meta({
    description:
      "Registries that images may come from, host:port; http://host:port is one without TLS",
  }),
  private_networks: z.array(z.string().min(1)).optional().meta({
    description:
      "Private addresses or networks, 10.0.0.0/8, that names in urls and registries may stand for",
  }),
});

const threads = z.int().min(1).max(256).optional();

const wasm = z.strictObject({
  listeners: z
    .array(listener)
    .optional()
    .meta({ description: "HTTP/1.1 listeners for calls of functions" }),
  admin: admin.optional().meta({ description: "Listener of /wasm/install, update, uninstall …" }),
  watch: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: "Folders: each NAME.wasm is the function NAME, as long as it is there" }),
  upstreams: z
    .record(z.string().min(1), z.string().min(1))
    .optional()
    .meta({ description: "Names that guests use in call-outs: host:port" }),
  sources: sources.optional().meta({ description: "Where modules may be fetched from" }),
  workers: z
    .strictObject({ min: threads, max: threads })
    .optional()
    .meta({ description: "Threads that guests run on; default 2 to 16" }),
  host_calls: z
    .enum(["auto", "atomics", "jspi"])
    .optional()
    .meta({ description: "How guests wait for the host; default auto: jspi where Node.js has it" }),
  functions: z.record(z.string().min(1), functionEntry).optional(),
  plugins: z
    .record(z.string().min(1), plugin)
    .optional()
    .meta({ description: "Modules that several functions share, by from_wasm_plugin" }),
});

/** The sections of this sidecar. */
export const config = z.object({ wasm: wasm.optional() });
