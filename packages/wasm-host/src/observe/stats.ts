import type { InstalledFunction } from "../functions/installed-function.ts";

/** Figures of a function. Counters only grow, also over versions. */
export interface FunctionFigures {
  readonly calls: number;
  /** By kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly instances: number;
  readonly queued: number;
  readonly openStreams: number;
  /** Time in the guest and in its host calls, µs. */
  readonly runningUs: number;
  /** Instructions, where they are counted. */
  readonly fuel: number;
  /** Largest memory seen of an instance, octets. */
  readonly memoryBytes: number;
  /** Instances that were replaced. */
  readonly recycled: number;
  /** How often other versions took over. */
  readonly swaps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What `GET /wasm/stats` says, by name. */
export function figuresOf(functions: Iterable<InstalledFunction>): Record<string, FunctionFigures> {
  return Object.fromEntries([...functions].map((each) => [each.name, figures(each)]));
}

function figures(each: InstalledFunction): FunctionFigures {
  const totals = each.totals();
  const { calls, faults, instances, queued, openStreams, runningUs, fuel, memoryBytes, recycled } = totals; // prettier-ignore
  return {
    calls,
    faults: Object.fromEntries(faults),
    instances,
    queued,
    openStreams,
    runningUs: Math.round(runningUs),
    fuel,
    memoryBytes,
    recycled,
    swaps: each.swaps,
    p50Ms: round(each.durations.quantileMs(0.5)),
    p99Ms: round(each.durations.quantileMs(0.99)),
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
