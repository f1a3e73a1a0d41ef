import { stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonShape } from "../../metadata.ts";

/** Metadata of the in-memory broker. */
export const inMemoryMetadata = z.strictObject({
  ...commonShape,
  maxMessages: stringInt({ min: 1 }).default(100_000).meta({
    description: "Messages that the component holds; publishing more fails with RESOURCE_EXHAUSTED",
  }),
  maxBytes: stringInt({ min: 1 })
    .default(256 * 1024 * 1024)
    .meta({ description: "Bytes of messages that the component holds" }),
  backlog: stringInt({ min: 0 }).default(1000).meta({
    description: "Newest messages of a topic kept for its first consumer group while it has none",
  }),
});

/** Limits of an in-memory broker. */
export type InMemoryMetadata = z.infer<typeof inMemoryMetadata>;
