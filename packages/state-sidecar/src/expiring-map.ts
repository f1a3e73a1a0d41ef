import type { MachineClock } from "@layotto/sidecar-kit";

const SWEEP_EVERY_MS = 1000;
const SWEEP_AT_MOST = 10_000;

/** What an {@link ExpiringMap} keeps. */
export interface Expiring {
  /** Monotonic time in milliseconds from which on the entry is gone; `Infinity` = it stays. */
  readonly expiresAtMs: number;
}

/**
 * A map whose entries disappear: at once for whoever looks, and from memory by a sweeper that looks at no more than
 * 10 000 entries a second, so that it never stalls the event loop.
 */
export class ExpiringMap<V extends Expiring> {
  readonly #clock: MachineClock;
  readonly #onRemove: (key: string, value: V) => void;
  readonly #entries = new Map<string, V>();
  #cursor = this.#entries.entries();
  #expiring = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onRemove told of every entry that leaves the map, also when another takes its place */
  constructor(clock: MachineClock, onRemove: (key: string, value: V) => void = () => undefined) {
    this.#clock = clock;
    this.#onRemove = onRemove;
  }

  /** Entries in memory, expired ones that nobody has looked at included. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || value.expiresAtMs === Infinity) return value;
    if (value.expiresAtMs > this.#clock.monotonicMs()) return value;
    this.delete(key);
    return undefined;
  }

  set(key: string, value: V): void {
    const old = this.#entries.get(key);
    this.#entries.set(key, value);
    if (old !== undefined) this.#removed(key, old);
    if (value.expiresAtMs === Infinity) return;
    this.#expiring++;
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  delete(key: string): void {
    const old = this.#entries.get(key);
    if (old === undefined) return;
    this.#entries.delete(key);
    this.#removed(key, old);
  }

  /** Looks at the next entries, starting where the last sweep ended, and removes the expired ones. */
  sweep(limit = SWEEP_AT_MOST): void {
    const now = this.#clock.monotonicMs();
    for (let looked = 0; looked < limit; looked++) {
      const step = this.#cursor.next();
      if (step.done === true) {
        this.#cursor = this.#entries.entries();
        break;
      }
      const [key, value] = step.value;
      if (value.expiresAtMs <= now) this.delete(key);
    }
    if (this.#expiring === 0) this.close();
  }

  /** Stops the sweeper. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #removed(key: string, value: V): void {
    if (value.expiresAtMs !== Infinity) this.#expiring--;
    this.#onRemove(key, value);
  }
}
