import type { FailedCall, LoadReport, MethodReport } from "./messages.ts";

/** Failed calls that are kept one by one; beyond that they are only counted. */
const maxFailures = 10_000;

interface MethodTally {
  statuses: Record<string, number>;
  seconds: Record<string, number>[];
  latencies: number[];
  lastOkAt: number;
  longestGapMs: number;
  longestGapAt: number;
}

/** Counts calls by name, status and second. */
export class Tally {
  #since = performance.now();
  #issued = 0;
  #ended = 0;
  #methods = new Map<string, MethodTally>();
  #failures: FailedCall[] = [];
  #until = Number.POSITIVE_INFINITY;

  /** A call begins; give the result to {@link end}. */
  begin(): number {
    this.#issued += 1;
    return performance.now();
  }

  /** Calls that have begun and not ended. */
  get open(): number {
    return this.#issued - this.#ended;
  }

  /** No more calls begin: the time counts up to here, calls that are open still count when they end. */
  freeze(): void {
    this.#until = performance.now();
  }

  /** A call has ended. */
  end(name: string, startedAt: number, status: string, message: string): void {
    const now = performance.now();
    this.#ended += 1;
    const method = this.#method(name);
    method.statuses[status] = (method.statuses[status] ?? 0) + 1;
    const index = Math.floor((now - this.#since) / 1000);
    while (method.seconds.length <= index) method.seconds.push({});
    const second = method.seconds[index];
    if (second !== undefined) second[status] = (second[status] ?? 0) + 1;
    if (status === "OK") ok(method, now, now - startedAt);
    else this.#failed(name, startedAt, now, status, message);
  }

  /** Returns what was counted and starts again; calls that are open stay counted as issued. */
  take(): LoadReport {
    const now = Math.min(performance.now(), this.#until);
    const entries = [...this.#methods].map(([name, tally]) => [name, report(tally, now)] as const);
    const result: LoadReport = {
      tookMs: now - this.#since,
      issued: this.#issued,
      ended: this.#ended,
      ok: entries.reduce((sum, [, { statuses }]) => sum + (statuses["OK"] ?? 0), 0),
      methods: Object.fromEntries(entries),
      failures: this.#failures,
    };
    this.#issued -= this.#ended;
    this.#ended = 0;
    this.#since = now;
    this.#methods = new Map();
    this.#failures = [];
    return result;
  }

  #method(name: string): MethodTally {
    const found = this.#methods.get(name);
    if (found !== undefined) return found;
    const fresh: MethodTally = {
      statuses: {},
      seconds: [],
      latencies: [],
      lastOkAt: this.#since,
      longestGapMs: 0,
      longestGapAt: 0,
    };
    this.#methods.set(name, fresh);
    return fresh;
  }

  #failed(name: string, startedAt: number, now: number, status: string, message: string): void {
    if (this.#failures.length >= maxFailures) return;
    this.#failures.push({
      name,
      startedAt: performance.timeOrigin + startedAt,
      endedAt: performance.timeOrigin + now,
      status,
      message,
    });
  }
}

function ok(method: MethodTally, now: number, tookMs: number): void {
  method.latencies.push(tookMs);
  noteGap(method, now);
  method.lastOkAt = now;
}

function noteGap(method: MethodTally, now: number): void {
  const gap = now - method.lastOkAt;
  if (gap <= method.longestGapMs) return;
  method.longestGapMs = gap;
  method.longestGapAt = performance.timeOrigin + method.lastOkAt;
}

function report(method: MethodTally, now: number): MethodReport {
  noteGap(method, now);
  const sorted = Float64Array.from(method.latencies).sort();
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const { statuses, seconds, longestGapMs, longestGapAt } = method;
  return {
    statuses,
    seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    longestGapMs,
    longestGapAt,
  };
}
