import type { Timer } from "@layotto/sidecar-kit";
import type { MeshClock, Random } from "../../clock.ts";

export { seededRandom } from "../../testing/seeded-random.ts";

interface Event extends Timer {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Time of a simulation: it moves when told to, and runs what is due in order, at once. */
export class SimulatedClock implements MeshClock {
  private ms = 0;
  private order = 0;
  /** A binary heap, the earliest first. */
  private readonly events: Event[] = [];

  /** @returns ms since the epoch */
  now(): number {
    return 1_800_000_000_000 + this.ms;
  }

  monotonic(): number {
    return this.ms;
  }

  after(ms: number, callback: () => void): Timer {
    const event: Event = {
      at: this.ms + ms,
      order: this.order++,
      callback,
      cancel: () => (event.callback = undefined),
    };
    this.push(event);
    return event;
  }

  /** Lets `ms` pass. */
  advance(ms: number): void {
    this.advanceTo(this.ms + ms);
  }

  /** Goes on to a point in time. */
  advanceTo(end: number): void {
    for (let next = this.events[0]; next !== undefined && next.at <= end; next = this.events[0]) {
      this.pop();
      if (next.callback === undefined) continue;
      this.ms = Math.max(this.ms, next.at);
      next.callback();
    }
    this.ms = Math.max(this.ms, end);
  }

  /** Timers that are set. */
  get pending(): number {
    return this.events.filter((event) => event.callback !== undefined).length;
  }

  private push(event: Event): void {
    const { events } = this;
    let index = events.length;
    for (;;) {
      const above = (index - 1) >> 1;
      const parent = index === 0 ? undefined : events[above];
      if (parent === undefined || isBefore(parent, event)) break;
      events[index] = parent;
      index = above;
    }
    events[index] = event;
  }

  private pop(): void {
    const { events } = this;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    let index = 0;
    for (;;) {
      const left = events[2 * index + 1];
      const right = events[2 * index + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      events[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    events[index] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A time to the next of events that come at random, on average after `mean` (exponential distribution). */
export function exponential(mean: number, random: Random): number {
  return -Math.log(1 - random()) * mean;
}
