import { testComponentContext } from "@layotto/sidecar-kit/testing";
import { redisMetadata } from "../metadata.ts";
import { RedisPubSub } from "../redis.ts";

/** Opens a component; `metadata` as in the config file. */
export function openRedis(
  address: string,
  metadata: Record<string, unknown> = {},
): Promise<RedisPubSub> {
  const settings = redisMetadata.parse({ redisHost: address, ...metadata });
  return RedisPubSub.open(settings, testComponentContext());
}
