import type { ComponentTypes } from "@layotto/sidecar-kit";
import type { SequencerStore } from "../component.ts";

/** Every type that a `sequencer` component may have. A type is loaded only when it is configured. */
export const sequencerTypes: ComponentTypes<SequencerStore> = {
  "in-memory": () => import("./in-memory/in-memory.ts").then((m) => m.inMemory),
  embedded: () => import("./embedded/embedded.ts").then((m) => m.embedded),
  redis: () => import("./redis/redis.ts").then((m) => m.redis),
};
