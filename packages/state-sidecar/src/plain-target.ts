import { type RedisTarget, redisTarget } from "@layotto/redis-connection";
import type { RedisPlainMetadata } from "./redis-metadata.ts";

/** Reads the target from metadata of the lock or the sequencer, where Layotto's own keys go before those of state. */
export function plainTarget(metadata: RedisPlainMetadata): RedisTarget {
  const target = redisTarget(metadata);
  const { db = target.db, maxRetryBackoff: maxRetryMs = target.maxRetryMs } = metadata;
  return { ...target, db, maxRetryMs };
}
