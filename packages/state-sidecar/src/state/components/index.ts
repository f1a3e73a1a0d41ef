import type { ComponentTypes } from "@layotto/sidecar-kit";
import type { StateStore } from "../component.ts";

/** Every type that a `state` component may have. A type is loaded only when it is configured. */
export const stateTypes: ComponentTypes<StateStore> = {
  "in-memory": () => import("./in-memory/in-memory.ts").then((m) => m.inMemory),
  embedded: () => import("./embedded/embedded.ts").then((m) => m.embedded),
  redis: () => import("./redis/redis.ts").then((m) => m.redis),
};
