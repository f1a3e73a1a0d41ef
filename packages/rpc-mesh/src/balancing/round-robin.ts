import type { Host } from "../cluster/host.ts";
import type { Random } from "../clock.ts";
import { SequenceBalancer } from "./sequence.ts";
import type { SlowStart } from "./slow-start.ts";

/** One host after the other, all alike, from a random start: meshes that start together do not go in step. */
export class RoundRobin extends SequenceBalancer {
  #next = -1;
  readonly #start: number;

  constructor(random: Random, slowStart?: SlowStart) {
    super(slowStart);
    this.#start = random();
  }

  override setLive(live: readonly Host[]): void {
    super.setLive(live);
    // A change of health goes on from where it was; otherwise flapping hosts would favour the first.
    if (this.#next < 0) this.#next = Math.floor(this.#start * live.length);
  }

  protected override next(): Host | undefined {
    if (this.#next >= this.live.length) this.#next = 0;
    const host = this.live[this.#next];
    this.#next += 1;
    return host;
  }
}
