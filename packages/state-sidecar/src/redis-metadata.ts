import {
  redisHostDescription,
  redisShape,
  redisUnused,
  redisUnusedShape,
} from "@layotto/redis-connection/metadata";
import { stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonMetadata } from "./metadata.ts";

/** Metadata of the redis state store: the keys of Dapr's component. */
export const redisStateMetadata = z.strictObject({
  ...commonMetadata,
  ...redisShape,
  ttlInSeconds: stringInt()
    .optional()
    .meta({ description: "Life of an entry that names none itself" }),
  ...redisUnusedShape,
  queryIndexes: redisUnused,
});

/** Metadata of the redis state store. */
export type RedisStateMetadata = z.infer<typeof redisStateMetadata>;

/** Metadata of the redis lock and sequencer: the keys of Layotto's components, and those of the state store. */
export const redisPlainMetadata = z.strictObject({
  ...commonMetadata,
  ...redisShape,
  ...redisUnusedShape,
  redisHost: z.string().min(1).meta({ description: redisHostDescription }),
  db: stringInt({ min: 0 })
    .optional()
    .meta({ description: "The same as redisDB, before which it goes" }),
  maxRetryBackoff: stringDuration("ms")
    .optional()
    .meta({ description: "The same as redisMaxRetryInterval, before which it goes" }),
  segmentCacheEnable: redisUnused,
  segmentStep: redisUnused,
});

/** Metadata of the redis lock and sequencer. */
export type RedisPlainMetadata = z.infer<typeof redisPlainMetadata>;
