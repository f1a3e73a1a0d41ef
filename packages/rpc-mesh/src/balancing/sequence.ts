import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import { type Balancer, isTried, untriedFrom } from "./balancer.ts";
import type { SlowStart } from "./slow-start.ts";

/** Hosts that one pick passes over at most before it takes what there is. */
const MAX_SKIPS = 16;

/** A policy that names one host after the other; those tried before and those still warming up are passed over. */
export abstract class SequenceBalancer implements Balancer {
  protected live: readonly Host[] = [];
  readonly #slowStart: SlowStart | undefined;
  #scanFrom = 0;

  constructor(slowStart: SlowStart | undefined) {
    this.#slowStart = slowStart;
  }

  /** The next host by the policy alone; undefined only when there is none. */
  protected abstract next(): Host | undefined;

  setLive(live: readonly Host[]): void {
    this.live = live;
    this.#slowStart?.setLive(live);
  }

  pick(context: PickContext): Host | undefined {
    let cold: Host | undefined;
    for (let skips = 0; skips < MAX_SKIPS; skips += 1) {
      const host = this.next();
      if (host === undefined) return undefined;
      if (isTried(host, context)) continue;
      if (this.#slowStart === undefined || this.#slowStart.admits(host)) return host;
      cold ??= host;
    }
    return cold ?? this.#scan(context);
  }

  /** Few hosts that are left, or weights so uneven that the sequence hardly ever names another. */
  #scan(context: PickContext): Host | undefined {
    this.#scanFrom = (this.#scanFrom + 1) % this.live.length;
    return untriedFrom(this.live, this.#scanFrom, context);
  }
}
