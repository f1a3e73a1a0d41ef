import { redisShape, redisUnusedShape } from "@layotto/redis-connection/metadata";
import { stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonShape } from "../../metadata.ts";

/** Metadata of component type `redis`: the keys of Dapr's component, which are Layotto's. */
export const redisMetadata = z.strictObject({
  ...commonShape,
  ...redisShape,
  ...redisUnusedShape,
  processingTimeout: stringDuration("ms").default(60_000).meta({
    description:
      "A message that a consumer has held for so long without a sign of life goes to another one of the group; 0 = never",
  }),
  redeliverInterval: stringDuration("ms").default(15_000).meta({
    description: "How often to look for messages past their processingTimeout; 0 = never",
  }),
  queueDepth: stringInt({ min: 1, max: 100_000 }).optional().meta({
    description: "Most messages that a subscription holds in memory, whatever its prefetch says",
  }),
  maxLenApprox: stringInt({ min: 0 }).default(0).meta({
    description:
      "Cuts a stream to about so many newest entries when something is published, read or not; 0 = never",
  }),
});

/** What {@link redisMetadata} yields. */
export type RedisPubSubMetadata = z.infer<typeof redisMetadata>;
