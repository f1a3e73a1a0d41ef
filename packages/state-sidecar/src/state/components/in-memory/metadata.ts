import { stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { commonMetadata } from "../../../metadata.ts";

/** Metadata of the in-memory state store. */
export const inMemoryStateMetadata = z.strictObject({
  ...commonMetadata,
  maxEntries: stringInt({ min: 1 }).default(1_000_000).meta({
    description: "Keys that the store takes; a write beyond fails with RESOURCE_EXHAUSTED",
  }),
  maxBytes: stringInt({ min: 1 })
    .default(256 * 1024 * 1024)
    .meta({ description: "Bytes of keys and values that the store takes" }),
  ttlInSeconds: stringInt()
    .optional()
    .meta({ description: "Life of an entry that names none itself; not positive = permanent" }),
});

/** Limits and defaults of an in-memory state store. */
export type InMemoryStateMetadata = z.infer<typeof inMemoryStateMetadata>;
