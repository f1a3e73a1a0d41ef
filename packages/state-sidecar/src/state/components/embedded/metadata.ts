import { stringInt } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { embeddedMetadata } from "../../../embedded-metadata.ts";

/** Metadata of the embedded state store. */
export const embeddedStateMetadata = z.strictObject({
  ...embeddedMetadata.shape,
  ttlInSeconds: stringInt()
    .optional()
    .meta({ description: "Life of an entry that names none itself; not positive = permanent" }),
});

/** Where an embedded state store keeps its data, and how. */
export type EmbeddedStateMetadata = z.infer<typeof embeddedStateMetadata>;
