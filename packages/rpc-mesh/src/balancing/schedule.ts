import type { Host } from "../cluster/host.ts";
import type { Random } from "../clock.ts";
import { SequenceBalancer } from "./sequence.ts";
import type { SlowStart } from "./slow-start.ts";
import { Turns } from "./turns.ts";

/**
 * Earliest deadline first: every host has a time at which its next turn is due. When health or hosts change, the hosts
 * that stay keep their turns, so that a flapping host does not disturb the shares of the others.
 */
export abstract class Schedule extends SequenceBalancer {
  protected readonly random: Random;
  #turns: Turns | undefined;
  #now: number | undefined;

  constructor(random: Random, slowStart: SlowStart | undefined) {
    super(slowStart);
    this.random = random;
  }

  /** Time of the first turn after a time, of a host that is new. */
  protected abstract firstAfter(now: number, host: Host): number;
  /** Time of the turn after that which is due now. */
  protected abstract nextAfter(now: number, host: Host): number;

  override setLive(live: readonly Host[]): void {
    const old = this.#turns;
    const before = new Map(old === undefined ? [] : this.live.map((host, index) => [host, index]));
    const now = (this.#now ??= this.random());
    super.setLive(live);
    const times = Float64Array.from(live, (host) => {
      const place = before.get(host);
      const kept = place === undefined ? undefined : old?.timeOf(place);
      return kept ?? this.firstAfter(now, host);
    });
    this.#turns = new Turns(times, this.#ranks(live.length));
  }

  protected override next(): Host | undefined {
    const turns = this.#turns;
    const host = turns === undefined ? undefined : this.live[turns.first];
    if (turns === undefined || host === undefined) return undefined;
    this.#now = turns.time;
    turns.postpone(this.nextAfter(this.#now, host));
    return host;
  }

  /** Who goes first of those that are due together: as they come, from a random one on. */
  #ranks(size: number): Uint32Array {
    const first = Math.floor(this.random() * size);
    return Uint32Array.from({ length: size }, (_, index) => (index - first + size) % size);
  }
}
