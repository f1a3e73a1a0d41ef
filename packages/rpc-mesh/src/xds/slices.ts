import { performance } from "node:perf_hooks";

/** Longest time that one piece of work holds the event loop, ms. */
const sliceMs = 2;

/** Cuts long work into slices, so that calls under way do not feel it: `if (slices.due) await slices.pause()`. */
export class Slices {
  private endMs = performance.now() + sliceMs;

  /** Whether the slice is used up. */
  get due(): boolean {
    return performance.now() >= this.endMs;
  }

  /** Lets others run, then begins a new slice. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.endMs = performance.now() + sliceMs;
  }
}
