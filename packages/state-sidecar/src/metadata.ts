import { z } from "zod";

/** Metadata keys that every component of this sidecar takes. */
export const commonMetadata = {
  keyPrefix: z
    .string()
    .refine((value) => !value.includes("||"), "keyPrefix can't contain '||'")
    .optional()
    .meta({
      description:
        "What stands before each key: none, appid, name (of the component) or a text of one's own. Default: none for state, appid for lock and sequencer",
    }),
} as const;

/** Metadata of a component that takes no keys of its own. */
export const plainMetadata = z.strictObject(commonMetadata);
