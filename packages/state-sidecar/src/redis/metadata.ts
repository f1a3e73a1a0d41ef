import { secret, stringBool, stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonMetadata } from "../metadata.ts";

/** How to reach a Redis, whatever the component calls it in its metadata. */
export interface RedisTarget {
  /** `host:port`; several for a cluster or for sentinels. */
  readonly hosts: readonly string[];
  readonly mode: "node" | "cluster" | "sentinel";
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Name under which the sentinels know the master. */
  readonly masterName: string | undefined;
  readonly db: number;
  readonly tls: boolean;
  readonly connectTimeoutMs: number;
  /** How long a call may take when its caller names no deadline, or a later one. */
  readonly callTimeoutMs: number;
  /** Longest pause between two attempts to connect. */
  readonly maxRetryMs: number;
}

const DEFAULT_HOST = "localhost:6379";
const DEFAULT_PORT = 6379;

const integer = stringInt();
const index = stringInt({ min: 0 });
const text = z.coerce.string();
const duration = stringDuration("ms");

const unused = text.optional().meta({ description: "Accepted for compatibility; has no effect" });

const state = z.strictObject({
  ...commonMetadata,
  redisHost: text.default(DEFAULT_HOST).meta({
    description: "host:port; comma-separated for a cluster or sentinels",
  }),
  redisPassword: secret().optional(),
  redisUsername: text.optional(),
  redisDB: index.default(0),
  redisType: z.enum(["node", "cluster"]).default("node"),
  failover: stringBool().default(false).meta({ description: "redisHost names sentinels" }),
  sentinelMasterName: text.optional(),
  enableTLS: stringBool().default(false),
  dialTimeout: duration.default(5000),
  readTimeout: duration.default(3000).meta({ description: "Longest time that a call may take" }),
  redisMaxRetryInterval: duration.default(2000),
  ttlInSeconds: integer.optional().meta({ description: "Life of an entry that names none itself" }),
  redisMaxRetries: unused,
  redisMinRetryInterval: unused,
  maxRetries: unused,
  maxRetryBackoff: unused,
  writeTimeout: unused,
  poolSize: unused,
  poolTimeout: unused,
  minIdleConns: unused,
  maxConnAge: unused,
  idleTimeout: unused,
  idleCheckFrequency: unused,
  queryIndexes: unused,
});

/** Metadata of the redis state store: the keys of Dapr's component. */
export const redisStateMetadata = state.refine(
  (value) => !value.failover || value.sentinelMasterName !== undefined,
  { path: ["sentinelMasterName"], message: "must be given with failover" },
);

/** Metadata of the redis state store. */
export type RedisStateMetadata = z.infer<typeof redisStateMetadata>;

/** Metadata of the redis lock and sequencer: the keys of Layotto's components, and those of the state store. */
export const redisPlainMetadata = z
  .strictObject({
    ...state.omit({ ttlInSeconds: true, queryIndexes: true }).shape,
    redisHost: text.min(1),
    db: index.optional(),
    maxRetryBackoff: duration.optional(),
    segmentCacheEnable: unused,
    segmentStep: unused,
  })
  .refine((value) => !value.failover || value.sentinelMasterName !== undefined, {
    path: ["sentinelMasterName"],
    message: "must be given with failover",
  });

/** Metadata of the redis lock and sequencer. */
export type RedisPlainMetadata = z.infer<typeof redisPlainMetadata>;

/** Reads the target from metadata. */
export function redisTarget(metadata: RedisStateMetadata | RedisPlainMetadata): RedisTarget {
  const backoff = "db" in metadata ? metadata.maxRetryBackoff : undefined;
  return {
    hosts: metadata.redisHost.split(",").map((host) => host.trim()),
    mode: metadata.failover ? "sentinel" : metadata.redisType,
    username: metadata.redisUsername || undefined,
    password: metadata.redisPassword || undefined,
    masterName: metadata.sentinelMasterName,
    db: ("db" in metadata ? metadata.db : undefined) ?? metadata.redisDB,
    tls: metadata.enableTLS,
    connectTimeoutMs: metadata.dialTimeout,
    callTimeoutMs: metadata.readTimeout,
    maxRetryMs: typeof backoff === "number" ? backoff : metadata.redisMaxRetryInterval,
  };
}

/** Splits `host:port`; the port of an IPv6 address follows its brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  if (colon <= address.lastIndexOf("]")) return { host: bare(address), port: DEFAULT_PORT };
  return { host: bare(address.slice(0, colon)), port: Number(address.slice(colon + 1)) };
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}
