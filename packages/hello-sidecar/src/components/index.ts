import type { ComponentTypes } from "@layotto/sidecar-kit";
import type { Greeter } from "../component.ts";

/** All component types of this sidecar: the only place where one is registered. */
export const components: ComponentTypes<Greeter> = {
  helloworld: () => import("./helloworld/helloworld.ts").then((module) => module.helloworld),
};
