import { skipWithout, startRedis } from "@layotto/sidecar-kit/testing";
import { embedded, onRedis } from "./configs.ts";
import { type Layotto, startLayotto } from "./layotto.ts";
import type { Scope } from "./scope.ts";

/** A kind of storage under the same tests. */
export interface Backend {
  readonly name: string;
  /** Why it cannot be tested here, or false. */
  readonly skip: string | false;
  /** Starts the whole runtime on it, with nothing stored. */
  start(scope: Scope): Promise<Layotto>;
}

/** What the SDK's calls are tested on. */
export const backends: readonly Backend[] = [
  {
    name: "embedded storage",
    skip: false,
    start: async (scope) => scope.use(await startLayotto({ config: embedded() })),
  },
  {
    name: "redis-server",
    skip: skipWithout("redis-server"),
    start: async (scope) => {
      const redis = await startRedis(scope.folder());
      scope.defer(() => redis.stop());
      return scope.use(await startLayotto({ config: onRedis(redis.address) }));
    },
  },
];
