import { z } from "zod";
import { defaultGreeting } from "./helloworld.ts";

/** Metadata of helloworld. */
export const helloworldMetadata = z.strictObject({
  hello: z.string().default(defaultGreeting).meta({ description: "What it says" }),
});

/** What {@link helloworldMetadata} yields. */
export type HelloworldMetadata = z.infer<typeof helloworldMetadata>;
