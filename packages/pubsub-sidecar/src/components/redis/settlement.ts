import { setTimeout as pause } from "node:timers/promises";
import { releasedConsumer } from "./consumer-name.ts";
import type { GroupClient } from "./group-client.ts";
import { IdQueue } from "./id-queue.ts";
import type { Outage } from "./outage.ts";

/** Entries given back look idle for this long, so that every other runtime finds them due. */
const GIVEN_BACK_IDLE_MS = 86_400_000;
/** Longest wait at the end for Redis to take what it must know. */
const LEAVE_MS = 3000;

/** What a {@link Settlement} needs of its surroundings. */
export interface SettlementOptions {
  readonly client: GroupClient;
  readonly group: string;
  readonly outage: Outage;
  /** Redis has confirmed something. */
  confirmed(): void;
  /** Entries of the group wait for others. */
  gaveBack(): void;
}

/** Tells Redis what was acknowledged and what was given back. */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #released: string;
  readonly #end = new AbortController();
  readonly #acks: IdQueue;
  readonly #givenBack: IdQueue;

  constructor(options: SettlementOptions) {
    this.#options = options;
    const { client, group } = options;
    this.#released = releasedConsumer(group);
    this.#acks = this.#queue((ids) => client.ack(ids));
    this.#givenBack = this.#queue(async (ids) => {
      await client.giveBack(this.#released, GIVEN_BACK_IDLE_MS, ids);
      options.gaveBack();
    });
  }

  /** Acknowledgements that Redis has not confirmed. */
  get unconfirmed(): number {
    return this.#acks.size;
  }

  /** Whether Redis is still to be told that it was acknowledged. */
  acks(id: string): boolean {
    return this.#acks.has(id);
  }

  /** Whether Redis is still to be told that it is settled. */
  has(id: string): boolean {
    return this.#acks.has(id) || this.#givenBack.has(id);
  }

  ack(id: string): void {
    this.#acks.add(id);
  }

  giveBack(id: string): void {
    this.#givenBack.add(id);
  }

  /** The consumer has got it from the others again. */
  cameBack(id: string): void {
    this.#givenBack.delete(id);
  }

  /** Gives back all that the consumer still holds in Redis and removes it, if Redis answers in time. */
  async leave(): Promise<void> {
    const { client, outage, gaveBack } = this.#options;
    const leaving = this.#acks
      .drained()
      .then(() => client.leave(this.#released, GIVEN_BACK_IDLE_MS))
      .then(gaveBack)
      .catch(() => undefined); // it goes to others after the processing timeout
    await Promise.race([leaving, pause(LEAVE_MS, undefined, { ref: false })]);
    this.#end.abort();
    outage.over(this);
  }

  #queue(send: (ids: readonly string[]) => Promise<unknown>): IdQueue {
    const { outage, confirmed } = this.#options;
    return new IdQueue({
      send,
      failed: (error) => outage.began(this, error),
      sent: () => {
        outage.over(this);
        confirmed();
      },
      signal: this.#end.signal,
    });
  }
}
