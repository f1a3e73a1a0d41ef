import type { z } from "zod";
import type { redisShape } from "./metadata.ts";

/** What `redisShape` of `./metadata` yields. */
export type RedisMetadata = z.infer<z.ZodObject<typeof redisShape>>;

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

const DEFAULT_PORT = 6379;

/** Reads the target from metadata. */
export function redisTarget(metadata: RedisMetadata): RedisTarget {
  const { redisUsername, sentinelMasterName } = metadata;
  return {
    hosts: metadata.redisHost.split(",").map((host) => host.trim()),
    mode: metadata.failover ? "sentinel" : metadata.redisType,
    username: String(redisUsername ?? "") || undefined,
    password: metadata.redisPassword || undefined,
    masterName: sentinelMasterName === undefined ? undefined : String(sentinelMasterName),
    db: metadata.redisDB,
    tls: metadata.enableTLS,
    connectTimeoutMs: metadata.dialTimeout,
    callTimeoutMs: metadata.readTimeout,
    maxRetryMs: metadata.redisMaxRetryInterval,
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
