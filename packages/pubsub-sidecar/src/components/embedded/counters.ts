import type { Database } from "@layotto/embedded-store";

/**
 * What the table counts. `topic`, `delayed`: ids that were given out. `changes`: transactions after which somebody in
 * another process may have something to do.
 */
export type CounterName = "topic" | "delayed" | "changes";

/** Numbers that all processes of a directory share. */
export class Counters {
  readonly #table: Database<Buffer, string>;

  constructor(table: Database<Buffer, string>) {
    this.#table = table;
  }

  get(name: CounterName): number {
    return this.#table.getBinaryFast(name)?.readDoubleLE(0) ?? 0;
  }

  /** Only inside a write transaction: counts one up. */
  next(name: CounterName): number {
    const value = this.get(name) + 1;
    const record = Buffer.allocUnsafe(8);
    record.writeDoubleLE(value);
    this.#table.putSync(name, record);
    return value;
  }
}
