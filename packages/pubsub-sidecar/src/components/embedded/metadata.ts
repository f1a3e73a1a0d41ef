import { embeddedShape } from "@layotto/embedded-store/metadata";
import { stringDuration, stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonShape } from "../../metadata.ts";

const HOUR_MS = 3_600_000;

/** Metadata of the embedded log. */
export const embeddedPubSubMetadata = z.strictObject({
  ...commonShape,
  ...embeddedShape,
  path: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Directory of the log; default: `pubsub` in the data directory" }),
  maxAge: stringDuration("ms")
    .default(168 * HOUR_MS)
    .meta({ description: "Messages are removed after this time, consumed or not; default 168h" }),
  maxBytes: stringInt({ min: 1 })
    .default(2 ** 30)
    .meta({
      description:
        "Most bytes of a topic. Beyond it the oldest messages that every group has acknowledged are removed; when there are none, publishing fails",
    }),
  keepConsumed: stringDuration("ms")
    .default(HOUR_MS / 6)
    .meta({
      description:
        "How long messages that every group has acknowledged are kept for groups that are new; default 10m",
    }),
});

/** Where the embedded log is, and what it keeps. */
export type EmbeddedPubSubMetadata = z.infer<typeof embeddedPubSubMetadata>;
