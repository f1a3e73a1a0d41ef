import { z } from "zod";

/** A rule of the published schema alone, since zod would say it in words of its own. Only strings are matched. */
const noSeparator = {
  allOf: [{ pattern: "^(\\|?[^|])*\\|?$", "x-message": "keyPrefix can't contain '||'" }],
};

/** Metadata keys that every component of this sidecar takes. */
export const commonMetadata = {
  keyPrefix: z
    .string()
    .optional()
    .meta({
      ...noSeparator,
      description:
        "What stands before each key: none, appid, name (of the component) or a text of one's own. Default: none for state, appid for lock and sequencer",
    }),
} as const;

/** Metadata of a component that takes no keys of its own. */
export const plainMetadata = z.strictObject(commonMetadata);

/** What {@link plainMetadata} yields. */
export type PlainMetadata = z.infer<typeof plainMetadata>;
