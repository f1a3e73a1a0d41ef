import type { VersionStats } from "../model/engine.ts";
import type { FaultKind } from "../model/fault.ts";

/** Figures summed up over versions. */
export class Totals {
  calls = 0;
  readonly faults = new Map<FaultKind, number>();
  instances = 0;
  queued = 0;
  openStreams = 0;
  runningUs = 0;
  fuel = 0;
  memoryBytes = 0;
  recycled = 0;

  /** Adds a version that is running. */
  add(stats: VersionStats): this {
    this.addCounters(stats);
    this.instances += stats.instances;
    this.queued += stats.queued;
    this.openStreams += stats.openStreams;
    this.memoryBytes = Math.max(this.memoryBytes, stats.memoryBytes);
    return this;
  }

  /** Adds a version that is gone: only what it has counted is left of it. */
  addCounters(stats: VersionStats): void {
    this.calls += stats.calls;
    this.runningUs += stats.runningUs;
    this.fuel += stats.fuel;
    this.recycled += stats.recycled;
    for (const [kind, count] of Object.entries(stats.faults)) {
      this.addFaults(kind as FaultKind, count); // keys of the record are kinds
    }
  }

  addFaults(kind: FaultKind, count: number): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
  }

  /** Adds other figures, those of the moment included. */
  merge(other: Totals): this {
    this.calls += other.calls;
    this.runningUs += other.runningUs;
    this.fuel += other.fuel;
    this.recycled += other.recycled;
    this.instances += other.instances;
    this.queued += other.queued;
    this.openStreams += other.openStreams;
    this.memoryBytes = Math.max(this.memoryBytes, other.memoryBytes);
    for (const [kind, count] of other.faults) this.addFaults(kind, count);
    return this;
  }
}
