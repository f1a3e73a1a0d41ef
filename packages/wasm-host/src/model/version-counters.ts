import type { VersionStats } from "./engine.ts";
import type { FaultKind, GuestFault } from "./fault.ts";

/** What is counted of a version, whatever runs it. */
export class VersionCounters {
  calls = 0;
  /** µs. */
  runningUs = 0;
  fuel = 0;
  #memoryBytes = 0;
  #recycled = 0;
  readonly #faults: Partial<Record<FaultKind, number>> = {};

  /** The largest counts. */
  countMemory(bytes: number): void {
    if (bytes > this.#memoryBytes) this.#memoryBytes = bytes;
  }

  countFault({ kind }: GuestFault): void {
    this.#faults[kind] = (this.#faults[kind] ?? 0) + 1;
  }

  countRecycled(): void {
    this.#recycled++;
  }

  /** @param now what is not counted but is so now */
  stats(now: Pick<VersionStats, "instances" | "queued" | "openStreams">): VersionStats {
    return {
      ...now,
      calls: this.calls,
      faults: { ...this.#faults },
      runningUs: this.runningUs,
      fuel: this.fuel,
      memoryBytes: this.#memoryBytes,
      recycled: this.#recycled,
    };
  }
}
