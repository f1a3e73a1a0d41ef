import { consumerFate, type ConsumerFate } from "./consumer-name.ts";
import type { StreamEntry } from "./entry.ts";
import type { GroupClient, ListedConsumer, Seat } from "./group-client.ts";

/** How long a consumer of ours without a sign of life stays in the list when it holds nothing. */
const STALE_MS = 3_600_000;
const SWEEP_EVERY_MS = 1000;
/** When there was no room for all that could be claimed: new entries have their turn in between. */
const SWEEP_AGAIN_MS = 20;
const MOST_PER_CLAIM = 100;

/** When another consumer's entries may be taken; 0 = never. */
export interface ClaimTimes {
  readonly processingTimeoutMs: number;
  readonly redeliverIntervalMs: number;
}

/** Who wants the entries. */
export interface Claimant {
  /** How many more entries it takes now. */
  room(): number;
  take(entries: readonly StreamEntry[]): void;
}

/**
 * Takes over what other consumers of the group do not handle: what was given back and what a dead process of this
 * machine held, each second; what anybody has held for longer than the processing timeout, each redeliver interval.
 */
export class Sweeper {
  readonly #seat: Seat;
  readonly #client: GroupClient;
  readonly #times: ClaimTimes;
  readonly #claimant: Claimant;
  #nextMs = 0;
  #nextIdleMs = 0;

  constructor(seat: Seat, client: GroupClient, times: ClaimTimes, claimant: Claimant) {
    this.#seat = seat;
    this.#client = client;
    this.#times = times;
    this.#claimant = claimant;
  }

  get isDue(): boolean {
    return performance.now() >= this.#nextMs;
  }

  /** There is probably something to take. */
  hurry(): void {
    this.#nextMs = 0;
  }

  async sweep(): Promise<void> {
    const now = performance.now();
    this.#nextMs = now + SWEEP_EVERY_MS;
    const { processingTimeoutMs, redeliverIntervalMs } = this.#times;
    const claimsIdle =
      processingTimeoutMs > 0 && redeliverIntervalMs > 0 && now >= this.#nextIdleMs;
    for (const consumer of await this.#client.consumers()) {
      if (consumer.name === this.#seat.consumer) continue;
      const fate = consumerFate(consumer.name, this.#seat.group);
      if (await this.#handle(consumer, fate, claimsIdle)) continue;
      this.#nextMs = now + SWEEP_AGAIN_MS;
      return;
    }
    if (claimsIdle) this.#nextIdleMs = now + redeliverIntervalMs;
  }

  /** @returns false when there was no room for all */
  async #handle(
    { name, pending, idleMs }: ListedConsumer,
    fate: ConsumerFate,
    claimsIdle: boolean,
  ): Promise<boolean> {
    const isFree = fate === "released" || fate === "dead";
    if (pending > 0 && (isFree || claimsIdle))
      return this.#claim(name, isFree ? 0 : this.#times.processingTimeoutMs);
    if (pending > 0) return true;
    if (fate === "dead" || (fate === "ours" && idleMs > STALE_MS)) await this.#client.retire(name);
    return true;
  }

  async #claim(from: string, idleMs: number): Promise<boolean> {
    for (;;) {
      const count = Math.min(this.#claimant.room(), MOST_PER_CLAIM);
      if (count <= 0) return false;
      const { entries, isFull } = await this.#client.claim(from, idleMs, count);
      this.#claimant.take(entries);
      if (!isFull) return true;
    }
  }
}
