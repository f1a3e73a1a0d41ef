import { redisContext } from "@layotto/redis-connection/testing";
import { redisStateMetadata } from "../redis-metadata.ts";
import { openState, type RedisState } from "../state/components/redis/redis.ts";

/** Opens a state store; `metadata` as in the config file. */
export function openRedisState(
  address: string,
  metadata: Record<string, string> = {},
): Promise<RedisState> {
  return openState(redisStateMetadata.parse({ redisHost: address, ...metadata }), redisContext);
}
