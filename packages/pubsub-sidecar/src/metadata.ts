import { stringBool, stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";

/** How messages reach the app: the same keys in a component's metadata, in a subscription of the file and of the app. */
export const deliveryShape = {
  concurrency: stringInt({ min: 1, max: 10_000 }).optional().meta({
    description: "Messages of a subscription that the app works on at a time; default 10",
  }),
  prefetch: stringInt({ min: 1, max: 100_000 })
    .optional()
    .meta({ description: "Messages of a subscription held in memory; default 100" }),
  deliveryTimeout: stringDuration("ms")
    .optional()
    .meta({ description: "Longest time that the app may take for one attempt; default 60s" }),
  maxAttempts: stringInt({ min: 1 }).optional().meta({
    description:
      "Attempts before a message goes to the dead-letter topic; without such a topic it is tried for ever; default 10",
  }),
  retryInterval: stringDuration("ms")
    .optional()
    .meta({ description: "Pause before the second attempt; doubles each time; default 500ms" }),
  maxRetryInterval: stringDuration("ms")
    .optional()
    .meta({ description: "Longest pause between two attempts; default 60s" }),
  deadLetterTopic: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Topic for messages that the app drops or that fail too often" }),
  rawPayload: stringBool()
    .optional()
    .meta({ description: "Messages are plain bytes and no CloudEvents" }),
} as const;

/** Metadata keys that every component of this sidecar takes. */
export const commonShape = {
  consumerID: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Name of the consumer group; default: app.app_id" }),
  ...deliveryShape,
} as const;
