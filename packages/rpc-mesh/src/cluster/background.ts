import { performance } from "node:perf_hooks";

/** Longest uninterrupted piece of background work, ms: well below what a waiting call would notice. */
export const SLICE_MS = 1;

/** Work that can pause: it yields often, about every half millisecond. */
export type Job = Iterator<void, void>;

interface Queued {
  readonly job: Job;
  cancelled: boolean;
}

/** Long computations between the events of the process: one queue, one slice per turn of the event loop. */
export class Background {
  #queue: Queued[] = [];
  #running = false;
  #idle: (() => void)[] = [];

  /**
   * Runs a job after all that were added before.
   *
   * @returns how to give it up
   */
  add(job: Job): () => void {
    const queued = { job, cancelled: false };
    this.#queue.push(queued);
    if (!this.#running) {
      this.#running = true;
      setImmediate(this.#slice);
    }
    return () => {
      queued.cancelled = true;
    };
  }

  /** Resolves when nothing is left to do. */
  idle(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  readonly #slice = (): void => {
    try {
      this.#work();
    } finally {
      // Also after a job has thrown: the others must not wait for ever.
      if (this.#queue.length > 0) setImmediate(this.#slice);
      else this.#rest();
    }
  };

  #work(): void {
    const endMs = performance.now() + SLICE_MS;
    do {
      const first = this.#queue.shift();
      if (first === undefined) return;
      if (!first.cancelled && first.job.next().done !== true) this.#queue.unshift(first);
    } while (performance.now() < endMs);
  }

  #rest(): void {
    this.#running = false;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
