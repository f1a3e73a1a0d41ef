import { defaultLimits, type StatusCode } from "@layotto/grpc-transport";
import {
  addressText,
  isLocalAddress,
  parseAddress,
  type ListenAddress,
} from "@layotto/sidecar-kit/process";
import { secret } from "@layotto/sidecar-kit/fields";
import { z } from "zod";

const addressField = z
  .string()
  .meta({ description: 'host:port or unix:/path, e.g. "127.0.0.1:34904"' });

const address = addressField.transform((text, context) => readAddress(text, context));

const addresses = z
  .union([addressField, z.array(addressField).min(1)])
  .transform((texts, context) =>
    typeof texts === "string"
      ? [readAddress(texts, context)]
      : texts.map((text, i) => readAddress(text, context, [i])),
  );

const actuatorAddress = z
  .union([z.literal(false), addressField])
  .transform((text, context) => (text === false ? text : readAddress(text, context)));

function readAddress(
  text: string,
  context: z.RefinementCtx,
  path: readonly PropertyKey[] = [],
): ListenAddress {
  try {
    return parseAddress(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    context.addIssue({ code: "custom", path: [...path], message });
    return z.NEVER;
  }
}

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
  token: secret()
    .refine((text) => text.length > 0, "must not be empty")
    .optional()
    .meta({ description: "sent to the sidecar with every call" }),
  insecure: z.boolean().default(false).meta({ description: "allows plain TCP to another machine" }),
});

const unconfigured = z.strictObject({
  path: z.string().startsWith("/"),
  // The range is that of the type.
  code: z
    .int()
    .min(1)
    .max(16)
    .transform((code) => code as StatusCode),
  reason: z.string().min(1),
  message: z.string().min(1),
});

// The names are those of the transport, so that its documentation holds here too.
const limitNames = Object.keys(defaultLimits) as (keyof typeof defaultLimits)[];

const fields = z.strictObject({
  listen: addresses
    .prefault("127.0.0.1:34904")
    .meta({ description: "where the gRPC API is served" }),
  actuator: actuatorAddress
    .prefault("127.0.0.1:34999")
    .meta({ description: "where health, info and metrics are served over HTTP; false = nowhere" }),
  tls: tls.optional(),
  token: secret()
    .refine((text) => text.length >= 8, "must have at least 8 characters")
    .optional()
    .meta({ description: "callers must send it as metadata layotto-api-token" }),
  insecure: z
    .boolean()
    .default(false)
    .meta({ description: "allows listeners beyond this machine without tls and token" }),
  socketMode: z
    .string()
    .regex(/^0?[0-7]{3}$/, "must be octal like 0660")
    .default("0600")
    .meta({ description: "file mode of unix sockets" }),
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
  upstreams: z.record(z.string().min(1), upstream).default({}),
  unconfigured: z
    .array(unconfigured)
    .default([])
    .meta({ description: "answers for methods that no configured sidecar serves" }),
});

/** Section `gateway` of the configuration. */
export const gatewaySchema = fields.superRefine((section, context) => {
  for (const [path, message] of unsafe(section)) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
});

/** The sections that belong to the gateway; left out, everything has its default. */
export const gatewaySections = z.object({ gateway: gatewaySchema.prefault({}) });

/** Section `gateway`, checked, with defaults filled in. */
export type GatewayConfig = z.infer<typeof gatewaySchema>;

/** One upstream of section `gateway`. */
export type UpstreamConfig = GatewayConfig["upstreams"][string];

/** What is open to other machines only because of `insecure: true`; said as a warning at each start. */
export function insecureWarnings(config: GatewayConfig): string[] {
  const safe: GatewayConfig = {
    ...config,
    insecure: false,
    upstreams: Object.fromEntries(
      Object.entries(config.upstreams).map(([name, one]) => [name, { ...one, insecure: false }]),
    ),
  };
  return unsafe(safe).map(([path, message]) => `gateway.${path.join(".")}: ${message}`);
}

type Fault = readonly [path: readonly (string | number)[], message: string];

function unsafe(config: z.infer<typeof fields>): Fault[] {
  const open = [...openListeners(config), ...openActuator(config)];
  return [...(config.insecure ? [] : open), ...openUpstreams(config)];
}

function openListeners({ listen, tls: secured, token }: z.infer<typeof fields>): Fault[] {
  if (secured !== undefined || token !== undefined) return [];
  return listen.flatMap((one, i) =>
    isLocalAddress(one) ? [] : [[["listen", i], openText(one)] as const],
  );
}

function openActuator({ actuator, token }: z.infer<typeof fields>): Fault[] {
  if (actuator === false || isLocalAddress(actuator) || token !== undefined) return [];
  return [[["actuator"], openText(actuator)]];
}

function openText(one: ListenAddress): string {
  return `"${addressText(one)}" is open to other machines without tls or token; set one of them, or insecure: true`;
}

function openUpstreams({ upstreams }: z.infer<typeof fields>): Fault[] {
  return Object.entries(upstreams).flatMap(([name, one]) => {
    if (one.insecure || one.tls !== undefined || one.token !== undefined) return [];
    return one.addresses.flatMap((to, i) => {
      if (isLocalAddress(to)) return [];
      const text = `"${addressText(to)}" is reached without tls or token; set one of them, or insecure: true`;
      return [[["upstreams", name, "addresses", i], text] as const];
    });
  });
}
