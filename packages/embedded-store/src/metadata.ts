import { z } from "zod";

/** Metadata keys of every embedded component; a component type adds its own: `z.strictObject({ ...embeddedShape })`. */
export const embeddedShape = {
  path: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Directory of the store; default: `embedded` in the data directory" }),
  durability: z.enum(["sync", "async"]).default("sync").meta({
    description:
      "When a write is acknowledged. sync: after fsync, so that it survives a crash of the machine. async: before, so that the last moments may be lost then; the component that opens the directory first decides for its process",
  }),
} as const;
