import { Environment } from "@layotto/embedded-store";
import { silentLogger, type MachineClock } from "@layotto/sidecar-kit";
import { EmbeddedPubSub } from "../embedded.ts";
import type { Limits } from "../log.ts";

/** What {@link openEmbedded} may be told. */
export interface OpenOptions {
  readonly name?: string;
  readonly clock?: MachineClock;
  readonly limits?: Partial<Limits>;
}

const DAY_MS = 86_400_000;

/** Opens a component `p` of installation `test`, with limits that nobody reaches. */
export function openEmbedded(directory: string, options: OpenOptions = {}): EmbeddedPubSub {
  const { name = "p", clock, limits } = options;
  return new EmbeddedPubSub(
    Environment.open({ directory, installation: "test", ...(clock && { clock }) }),
    {
      name,
      durability: "sync",
      limits: { maxAgeMs: 7 * DAY_MS, maxBytes: 2 ** 30, keepConsumedMs: DAY_MS, ...limits },
      logger: silentLogger,
    },
  );
}
