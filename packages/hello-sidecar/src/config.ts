import { componentSection } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { components } from "./components/index.ts";

const entry = {
  hello: z.string().optional().meta({ description: "Greeting; goes before metadata.hello" }),
};

/** The section `hellos`: name → { type, hello, metadata }. */
export const config = z.object({
  hellos: componentSection(components, entry)
    // Layotto keeps the greeting beside the metadata when it starts and inside when it is changed: here it is inside.
    .transform((section) =>
      Object.fromEntries(
        Object.entries(section).map(([name, { hello, ...rest }]) => [
          name,
          hello === undefined ? rest : { ...rest, metadata: { ...asMap(rest.metadata), hello } },
        ]),
      ),
    )
    .optional(),
});

function asMap(metadata: unknown): object {
  return typeof metadata === "object" && metadata !== null ? metadata : {};
}
