import { componentSection } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { components } from "./components/index.ts";

const entry = {
  hello: z.string().optional().meta({ description: "Greeting; goes before metadata.hello" }),
};

/** The section `hellos`: name → { type, hello, metadata }. */
export const config = z.object({
  hellos: componentSection(components, entry).optional(),
});
