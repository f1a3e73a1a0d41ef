import type { Random } from "../../clock.ts";
import { exponential, type SimulatedClock } from "./simulation.ts";

/** Work takes up to this share more or less, or calls that began together would stay together for ever. */
const SPREAD = 0.1;

/** A server that works on `workers` calls at a time, about `serviceMs` each; others wait in a queue without end. */
export class QueueServer {
  serviceMs: number;
  readonly workers: number;
  private readonly clock: SimulatedClock;
  private readonly random: Random;
  private busy = 0;
  private readonly queue: (() => void)[] = [];

  constructor(clock: SimulatedClock, random: Random, workers: number, serviceMs: number) {
    this.clock = clock;
    this.random = random;
    this.workers = workers;
    this.serviceMs = serviceMs;
  }

  call(done: () => void): void {
    if (this.busy === this.workers) this.queue.push(done);
    else this.work(done);
  }

  private work(done: () => void): void {
    this.busy += 1;
    const ms = this.serviceMs * (1 + SPREAD * (2 * this.random() - 1));
    this.clock.after(ms, () => {
      this.busy -= 1;
      const next = this.queue.shift();
      if (next !== undefined) this.work(next);
      done();
    });
  }
}

/** Begins calls at random, `perSecond` on average (Poisson), as long as the clock is moved on. */
export function callAtRandom(
  clock: SimulatedClock,
  perSecond: number,
  random: Random,
  call: () => void,
): void {
  const next = (): void => {
    clock.after(exponential(1000 / perSecond, random), () => {
      call();
      next();
    });
  };
  next();
}
