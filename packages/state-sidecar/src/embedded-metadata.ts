import { embeddedShape } from "@layotto/embedded-store/metadata";
import { z } from "zod";
import { commonMetadata } from "./metadata.ts";

/** Metadata of the embedded components. */
export const embeddedMetadata = z.strictObject({ ...commonMetadata, ...embeddedShape });

/** Where an embedded component keeps its data, and how. */
export type EmbeddedMetadata = z.infer<typeof embeddedMetadata>;
