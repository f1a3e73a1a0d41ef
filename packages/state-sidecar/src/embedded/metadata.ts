import { z } from "zod";
import { commonMetadata } from "../metadata.ts";

/** Metadata of the embedded components. */
export const embeddedMetadata = z.strictObject({
  ...commonMetadata,
  path: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Directory of the store; default: `embedded` in the data directory" }),
  durability: z.enum(["sync", "async"]).default("sync").meta({
    description:
      "When a write is acknowledged. sync: after fsync, so that it survives a crash of the machine. async: before, so that the last moments may be lost then; the component that opens the directory first decides for its process",
  }),
});

/** Where an embedded component keeps its data, and how. */
export type EmbeddedMetadata = z.infer<typeof embeddedMetadata>;
