import type { ComponentType } from "@layotto/sidecar-kit";
import { z } from "zod";
import type { Greeter } from "../../component.ts";

const metadata = z.strictObject({
  hello: z.string().default("hello").meta({ description: "What it says" }),
});

type Metadata = z.infer<typeof metadata>;

/** Says what it is told to say, followed by the name: `"greeting, eva"`. */
export const helloworld: ComponentType<Greeter, Metadata> = {
  metadata,
  async open({ hello }) {
    let greeting = hello;
    return {
      greet: (name) => (name === "" ? greeting : `${greeting}, ${name}`),
      reconfigure: (changed) => {
        greeting = metadata.loose().parse(changed).hello;
      },
      close: async () => {},
    };
  },
};
