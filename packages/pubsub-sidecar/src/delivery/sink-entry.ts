import type { Sink } from "./sink.ts";

/** A sink as its subscription sees it. */
export class SinkEntry {
  readonly sink: Sink;
  /** Attempts that it has not answered. */
  running = 0;

  constructor(sink: Sink) {
    this.sink = sink;
  }

  /** Whether it takes one more event. */
  get free(): boolean {
    return this.sink.ready && this.running < this.sink.options.concurrency;
  }
}

/** The sink that takes events and has the fewest of them. */
export function leastBusy(entries: Iterable<SinkEntry>): SinkEntry | undefined {
  let best: SinkEntry | undefined;
  for (const entry of entries) {
    if (entry.free && (best === undefined || entry.running < best.running)) best = entry;
  }
  return best;
}
