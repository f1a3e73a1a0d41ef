// The schema of section `gateway`: schema.json is generated from it, and that is what the process checks a file with
// (settings.ts). So the schema library is loaded when something is generated and never by a gateway that runs.
import { defaultLimits } from "@layotto/grpc-transport";
import { secret } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { hooksSchema } from "./config-hooks.ts";
import { flowControlSchema, tcpcopySchema } from "./config-traffic.ts";

const address = z
  .string()
  .regex(/^unix:|:\d{1,5}$/)
  .meta({
    "x-message": "must be host:port or unix:/path",
    description: 'host:port or unix:/path, e.g. "127.0.0.1:34904"',
  });

const count = z.int().positive();
const file = z.string().min(1).meta({ description: "path of a PEM file" });

const tls = z
  .strictObject({
    cert: file,
    key: file,
    clientCa: file.optional().meta({ description: "demands client certificates signed by it" }),
  })
  .meta({ description: "TLS on every TCP listener of the gRPC API" });

const upstreamTls = z
  .strictObject({
    ca: file.optional(),
    cert: file.optional(),
    key: file.optional(),
    serverName: z.string().optional(),
  })
  .meta({ description: "TLS towards the sidecar; with cert and key mutual TLS" });

const upstream = z.strictObject({
  addresses: z.array(address).min(1).meta({ description: "one per replica" }),
  capability: z.string().min(1).optional().meta({ description: "the word in error messages" }),
  tls: upstreamTls.optional(),
  token: secret({ minLength: 1 })
    .optional()
    .meta({ description: "sent to the sidecar with every call" }),
  insecure: z.boolean().default(false).meta({ description: "allows plain TCP to another machine" }),
});

const unconfigured = z.strictObject({
  path: z.string().regex(/^\//),
  code: z.int().min(1).max(16),
  reason: z.string().min(1),
  message: z.string().min(1),
});

// The names are those of the transport, so that its documentation holds here too.
const limitNames = Object.keys(defaultLimits) as (keyof typeof defaultLimits)[];

/** Section `gateway` of the configuration. */
const gatewaySchema = z.strictObject({
  listen: z
    .union([address, z.array(address).min(1)])
    .default("127.0.0.1:34904")
    .meta({ description: "where the gRPC API is served" }),
  actuator: z
    .union([z.literal(false), address])
    .meta({ "x-message": "must be host:port, unix:/path or false" })
    .default("127.0.0.1:34999")
    .meta({ description: "where health, info and metrics are served over HTTP; false = nowhere" }),
  tls: tls.optional(),
  token: secret({ minLength: 8 })
    .optional()
    .meta({ description: "callers must send it as metadata layotto-api-token" }),
  insecure: z
    .boolean()
    .default(false)
    .meta({ description: "allows listeners beyond this machine without tls and token" }),
  socketMode: z
    .string()
    .regex(/^0?[0-7]{3}$/)
    .meta({ "x-message": "must be octal like 0660" })
    .default("0600")
    .meta({ description: "file mode of unix sockets" }),
  socketGroup: z
    .union([z.int().nonnegative(), z.string().min(1)])
    .optional()
    .meta({
      description: "group, name or number, that owns unix sockets; default: that of the process",
    }),
  accessLog: z.boolean().default(false).meta({ description: "one log line per call" }),
  metrics: z.boolean().default(true).meta({ description: "counters per method" }),
  upstreamWaitMs: z
    .int()
    .nonnegative()
    .default(1_000)
    .meta({ description: "how long a call waits for a sidecar that is not reachable" }),
  replayBytes: z.int().nonnegative().default(65_536).meta({
    description: "request bytes kept to send a call again that never reached the sidecar",
  }),
  maxWaitingCalls: count
    .default(8_192)
    .meta({ description: "calls that may wait for one sidecar at once" }),
  maxMessageBytes: count.default(4_194_304).meta({ description: "largest request message" }),
  limits: z
    .partialRecord(z.enum(limitNames), count)
    .default({})
    .meta({ description: "what one client connection may cost" }),
  flowControl: flowControlSchema.optional(),
  tcpcopy: tcpcopySchema.optional(),
  hooks: hooksSchema.default([]),
  upstreams: z.record(z.string().min(1), upstream).default({}),
  unconfigured: z
    .array(unconfigured)
    .default([])
    .meta({ description: "answers for methods that no configured sidecar serves" }),
});

/** The sections that belong to the gateway; left out, everything has its default. */
export const gatewaySections = z.object({ gateway: gatewaySchema.prefault({}) });

/** Section `gateway` with defaults filled in; addresses are text still. */
export type GatewaySection = z.output<typeof gatewaySchema>;
