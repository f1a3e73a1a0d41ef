import type { Host } from "../cluster/host.ts";
import type { Random } from "../clock.ts";
import { SequenceBalancer } from "./sequence.ts";
import type { SlowStart } from "./slow-start.ts";

/** Every host with the same probability, each time anew. */
export class RandomChoice extends SequenceBalancer {
  readonly #random: Random;

  constructor(random: Random, slowStart?: SlowStart) {
    super(slowStart);
    this.#random = random;
  }

  protected override next(): Host | undefined {
    return this.live[Math.floor(this.#random() * this.live.length)];
  }
}
