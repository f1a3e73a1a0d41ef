import type { ComponentType } from "@layotto/sidecar-kit";
import type { Greeter } from "../../component.ts";
import type { HelloworldMetadata } from "./metadata.ts";

/** What it says when it is told nothing. */
export const defaultGreeting = "hello";

/** Says what it is told to say, followed by the name: `"greeting, eva"`. */
export const helloworld: ComponentType<Greeter, HelloworldMetadata> = {
  metadata: () => import("./metadata.ts").then((module) => module.helloworldMetadata),
  async open({ hello }) {
    let greeting = hello;
    return {
      greet: (name) => (name === "" ? greeting : `${greeting}, ${name}`),
      reconfigure: (changed) => {
        greeting = changed["hello"] ?? defaultGreeting;
      },
      close: async () => {},
    };
  },
};
