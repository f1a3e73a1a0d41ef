import type { Database } from "lmdb";
import type { Environment, TableName } from "./environment.ts";

/**
 * Removes a record if its time has come. Runs inside a write transaction.
 *
 * @returns wall time in milliseconds when to look again; `undefined` = never
 */
export type ExpireRecord = (key: string) => number | undefined;

const SWEEP_EVERY_MS = 1000;
/** After a full sweep there is more to do, so the next one comes sooner. */
const SWEEP_AGAIN_MS = 50;
const SWEEP_AT_MOST = 500;
const NOTHING = Buffer.alloc(0);

type ExpiryKey = [wallMs: number, table: TableName, key: string];

/** An index of records by the time they expire, and the sweeper that goes through it a bounded piece at a time. */
export class Expiry {
  readonly #index: Database<Buffer, ExpiryKey>;
  readonly #environment: Environment;
  readonly #tables = new Map<TableName, ExpireRecord>();
  #timer: NodeJS.Timeout | undefined;

  constructor(index: Database<Buffer, ExpiryKey>, environment: Environment) {
    this.#index = index;
    this.#environment = environment;
  }

  register(table: TableName, expire: ExpireRecord): void {
    this.#tables.set(table, expire);
  }

  /** Only inside a write transaction. */
  add(table: TableName, key: string, wallMs: number): void {
    this.#index.putSync([wallMs, table, key], NOTHING);
  }

  start(): void {
    this.#schedule(SWEEP_EVERY_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** @returns how many entries it looked at */
  async sweep(): Promise<number> {
    this.#index.resetReadTxn();
    // Exclusive: whatever expires by now.
    const end: [number] = [this.#environment.clock.wallMs() + 1];
    // The type knows whole keys only; a shorter array is a valid bound in lmdb's ordering.
    const due = Array.from(
      this.#index.getKeys({ end: end as unknown as ExpiryKey, limit: SWEEP_AT_MOST }),
    );
    const known = due.filter(([, table]) => this.#tables.has(table));
    if (known.length > 0) {
      await this.#environment.write(() => known.forEach((entry) => this.#expire(entry)), "async");
    }
    return known.length;
  }

  #expire(entry: ExpiryKey): void {
    const [, table, key] = entry;
    this.#index.removeSync(entry);
    const again = this.#tables.get(table)?.(key);
    if (again !== undefined) this.add(table, key, again);
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => void this.#tick(), delayMs).unref();
  }

  async #tick(): Promise<void> {
    const timer = this.#timer;
    // A sweep that fails (disk full, say) is tried again; reads never return expired records in the meantime.
    const looked = await this.#environment.sweep().catch(() => 0);
    if (this.#timer === timer)
      this.#schedule(looked < SWEEP_AT_MOST ? SWEEP_EVERY_MS : SWEEP_AGAIN_MS);
  }
}
