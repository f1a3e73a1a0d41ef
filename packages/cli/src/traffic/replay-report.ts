import { statusName } from "@layotto/grpc-transport";
import { formatMs, renderTable } from "../commands/table.ts";
import { printable } from "../topics/printable.ts";
import type { RecordedCall } from "./model.ts";

interface MethodRow {
  calls: number;
  readonly codes: Map<number, number>;
  readonly latenciesMs: number[];
}

/** How the calls of a replay ended, by method. */
export class ReplayReport {
  tookMs = 0;
  repliesReceived = 0;
  readonly #methods = new Map<string, MethodRow>();

  /** A call has ended. */
  add({ path }: RecordedCall, code: number, latencyMs: number): void {
    let row = this.#methods.get(path);
    if (row === undefined) {
      row = { calls: 0, codes: new Map(), latenciesMs: [] };
      this.#methods.set(path, row);
    }
    row.calls += 1;
    row.codes.set(code, (row.codes.get(code) ?? 0) + 1);
    row.latenciesMs.push(latencyMs);
  }

  /** Calls that were made. */
  get calls(): number {
    return [...this.#methods.values()].reduce((sum, row) => sum + row.calls, 0);
  }

  /** The same as data. */
  toJson(): object {
    const methods = [...this.#methods].map(([method, row]) => {
      const codes = Object.fromEntries([...row.codes].map(([code, n]) => [statusName(code), n]));
      const [p50Ms, p99Ms] = [quantile(row.latenciesMs, 0.5), quantile(row.latenciesMs, 0.99)];
      return { method, calls: row.calls, codes, p50Ms, p99Ms };
    });
    return { calls: this.calls, replies: this.repliesReceived, tookMs: this.tookMs, methods };
  }

  /** A table, one line per method. */
  render(): string {
    const header = ["METHOD", "CALLS", "P50", "P99", "STATUS"];
    const rows = [...this.#methods].map(([method, { calls, codes, latenciesMs }]) => [
      printable(method),
      String(calls),
      formatMs(quantile(latenciesMs, 0.5)),
      formatMs(quantile(latenciesMs, 0.99)),
      [...codes].map(([code, count]) => `${statusName(code)} ${count}`).join(", "),
    ]);
    return renderTable(header, rows, new Set(["CALLS", "P50", "P99"]));
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}
