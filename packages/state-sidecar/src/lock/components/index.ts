import type { ComponentTypes } from "@layotto/sidecar-kit";
import type { LockStore } from "../component.ts";

/** Every type that a `lock` component may have. A type is loaded only when it is configured. */
export const lockTypes: ComponentTypes<LockStore> = {
  "in-memory": () => import("./in-memory/in-memory.ts").then((m) => m.inMemory),
  embedded: () => import("./embedded/embedded.ts").then((m) => m.embedded),
  redis: () => import("./redis/redis.ts").then((m) => m.redis),
};
