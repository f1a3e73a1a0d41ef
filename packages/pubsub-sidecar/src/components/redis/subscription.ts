import type { RedisConnection } from "@layotto/redis-connection";
import { backoffMs, deferred, type Deferred, type Logger } from "@layotto/sidecar-kit";
import { setTimeout as pause } from "node:timers/promises";
import type { BrokerSubscription, Receiver } from "../../component.ts";
import { forgetConsumer } from "./consumer-name.ts";
import { deliveryOf, type RedisDelivery, type Settler, type StreamEntry } from "./entry.ts";
import { GroupClient, isGroupMissing, type Seat } from "./group-client.ts";
import { Holding } from "./holding.ts";
import { groupLag } from "./lag.ts";
import type { Outage } from "./outage.ts";
import { BLOCK_MS, type ReaderConnection } from "./reader.ts";
import type { StreamScript } from "./scripts.ts";
import { Settlement } from "./settlement.ts";
import { Sweeper, type ClaimTimes } from "./sweeper.ts";

/** Entries per read. */
const MOST_PER_READ = 100;
/** Acknowledgements that Redis has not confirmed; with more, nothing is read. */
const MOST_UNCONFIRMED = 10_000;
const AUDIT_EVERY_MS = 15_000;
const KEEP_PER_COMMAND = 500;
/** How often entries get their sign of life when no processing timeout is set. */
const KEEP_DEFAULT_MS = 20_000;
const KEEP_AT_LEAST_EVERY_MS = 3_600_000;
const LONGEST_PAUSE_MS = 2000;
/** So often the group is made anew in a row before that counts as trouble. */
const MOST_NEW_GROUPS = 3;

/** What a subscription is made of. */
export interface SubscriptionParts {
  readonly seat: Seat;
  readonly prefetch: number;
  readonly receiver: Receiver;
  readonly times: ClaimTimes;
  /** For commands that wait inside Redis; closed by the subscription. */
  readonly reader: ReaderConnection;
  /** For all others. */
  readonly main: RedisConnection<StreamScript>;
  readonly outage: Outage;
  readonly logger: Logger;
  /** Entries of the group wait for others. */
  gaveBack(): void;
  closed(): void;
}

/**
 * A consumer of a group. One loop takes entries while there is room: those of its own that a lost connection has
 * swallowed, those of others that are free, then new ones.
 */
export class RedisSubscription implements BrokerSubscription, Settler {
  readonly seat: Seat;
  readonly #parts: SubscriptionParts;
  readonly #reading: GroupClient;
  readonly #writing: GroupClient;
  readonly #holding: Holding;
  readonly #settlement: Settlement;
  readonly #sweeper: Sweeper;
  readonly #end = new AbortController();
  readonly #keeping: NodeJS.Timeout;
  readonly #loop: Promise<void>;
  /** Where the search for swallowed entries goes on; `undefined` = there can be none. */
  #swallowedAfter: string | undefined;
  #auditAtMs = performance.now() + AUDIT_EVERY_MS;
  #waiting: Deferred<void> | undefined;
  #wakes = false;
  #isPaused = false;
  #closing: Promise<void> | undefined;
  #hasWarned = false;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    const { seat, reader, main, times, outage, gaveBack } = parts;
    this.seat = seat;
    this.#reading = new GroupClient(reader.connection, seat);
    this.#writing = new GroupClient(main, seat);
    this.#holding = new Holding(parts.receiver);
    const [client, confirmed] = [this.#writing, () => this.#wake()];
    this.#settlement = new Settlement({ client, group: seat.group, outage, confirmed, gaveBack });
    const room = (): number => this.#room();
    const take = (entries: readonly StreamEntry[]): void => this.#take(entries);
    this.#sweeper = new Sweeper(seat, this.#reading, times, { room, take });
    const keepMs = Math.min(
      times.processingTimeoutMs / 3 || KEEP_DEFAULT_MS,
      KEEP_AT_LEAST_EVERY_MS,
    );
    this.#keeping = setInterval(() => void this.#keep(), keepMs).unref();
    this.#loop = this.#run();
  }

  pause(): void {
    this.#isPaused = true;
    for (const id of this.#holding.recall()) this.#settlement.giveBack(id);
    void this.#parts.reader.unblock(this.#parts.main);
  }

  resume(): void {
    this.#isPaused = false;
    this.hurry();
  }

  /** Looks now for entries that others gave back. */
  hurry(): void {
    this.#sweeper.hurry();
    this.#wake();
    void this.#parts.reader.unblock(this.#parts.main);
  }

  lag(): Promise<number> {
    return groupLag(this.#parts.main, this.seat);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { reader, main, outage, closed } = this.#parts;
    clearInterval(this.#keeping);
    this.#holding.clear();
    this.#end.abort();
    this.#wake();
    await reader.end(main, this.#loop);
    await this.#settlement.leave();
    await reader.connection.close();
    forgetConsumer(this.seat.consumer);
    outage.over(this);
    closed();
  }

  ack(delivery: RedisDelivery): void {
    if (!this.#holding.settle(delivery)) return;
    this.#settlement.ack(delivery.id);
    this.#wake();
  }

  release(delivery: RedisDelivery): void {
    if (!this.#holding.settle(delivery)) return;
    if (this.#isPaused) this.#settlement.giveBack(delivery.id);
    else this.#holding.later(delivery);
  }

  async #run(): Promise<void> {
    for (let attempt = 1; !this.#isClosing;) {
      try {
        await this.#turn();
        attempt = 1;
        this.#parts.outage.over(this);
      } catch (error) {
        await this.#recover(error, attempt++);
      }
    }
  }

  async #turn(): Promise<void> {
    if (this.#room() <= 0) return this.#whenRoom();
    await this.#parts.reader.prepare();
    this.#planAudit();
    if (this.#swallowedAfter !== undefined) await this.#takeSwallowed(this.#swallowedAfter);
    if (this.#sweeper.isDue) await this.#sweeper.sweep();
    const count = Math.min(this.#room(), MOST_PER_READ);
    if (count > 0) this.#take(await this.#reading.read(count, BLOCK_MS));
  }

  /** How many more entries may be taken now. */
  #room(): number {
    if (this.#isPaused || this.#isClosing) return 0;
    if (this.#settlement.unconfirmed >= MOST_UNCONFIRMED) return 0;
    return this.#parts.prefetch - this.#holding.size;
  }

  get #isClosing(): boolean {
    return this.#end.signal.aborted;
  }

  async #whenRoom(): Promise<void> {
    this.#waiting = deferred();
    if (!this.#isClosing) await this.#waiting.promise;
    this.#waiting = undefined;
  }

  /** Once per event-loop turn, so that all that is settled in one makes room for one read. */
  #wake(): void {
    if (this.#waiting === undefined || this.#wakes) return;
    this.#wakes = true;
    setImmediate(() => {
      this.#wakes = false;
      this.#waiting?.resolve();
    });
  }

  #take(entries: readonly StreamEntry[]): void {
    for (const entry of entries) {
      if (this.#isClosing) return; // all that is in the consumer's name is given back
      const { id } = entry;
      if (this.#holding.has(id) || this.#settlement.acks(id)) continue;
      this.#settlement.cameBack(id);
      const delivery = deliveryOf(this, entry);
      if (this.#isPaused) this.#settlement.giveBack(id);
      else if (delivery === undefined) this.#skip(id);
      else this.#holding.handOut(delivery);
    }
  }

  #skip(id: string): void {
    this.#settlement.ack(id);
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { topic } = this.seat;
    this.#parts.logger.warn({ topic, id }, "skipped an entry without a field data");
  }

  /** Answers of Redis can get lost in more ways than can be noticed, so the search is made now and then. */
  #planAudit(): void {
    const now = performance.now();
    if (now < this.#auditAtMs) return;
    this.#auditAtMs = now + AUDIT_EVERY_MS;
    this.#swallowedAfter ??= "";
  }

  /** Takes entries that Redis has given to this consumer and that never came here, oldest first. */
  async #takeSwallowed(after: string): Promise<void> {
    const ids = await this.#reading.own(after, MOST_PER_READ);
    const swallowed = ids.filter((id) => !this.#holding.has(id) && !this.#settlement.has(id));
    const some = swallowed.slice(0, Math.max(0, this.#room()));
    this.#take(await this.#reading.fetch(some));
    if (some.length < swallowed.length) this.#swallowedAfter = some.at(-1) ?? after;
    else this.#swallowedAfter = ids.length === MOST_PER_READ ? ids.at(-1) : undefined;
  }

  async #recover(error: unknown, attempt: number): Promise<void> {
    if (this.#isClosing) return;
    const { reader, outage } = this.#parts;
    this.#swallowedAfter = "";
    reader.forget();
    if (isGroupMissing(error) && attempt <= MOST_NEW_GROUPS && (await this.#makeAnew())) return;
    outage.began(this, error);
    const { signal } = this.#end;
    const ms = backoffMs(attempt, { maxMs: LONGEST_PAUSE_MS });
    await pause(ms, undefined, { signal }).catch(() => undefined);
    await reader.connection.whenReady(signal).catch(() => undefined);
  }

  async #makeAnew(): Promise<boolean> {
    const { topic, group } = this.seat;
    try {
      await this.#reading.create();
    } catch {
      return false;
    }
    this.#parts.logger.warn({ topic, group }, "the consumer group was gone and was made anew");
    this.#holding.revoke(this.#holding.ids());
    return true;
  }

  /** A sign of life for all that is held. */
  async #keep(): Promise<void> {
    const ids = this.#holding.ids();
    try {
      for (let i = 0; i < ids.length; i += KEEP_PER_COMMAND)
        this.#holding.revoke(await this.#writing.keep(ids.slice(i, i + KEEP_PER_COMMAND)));
    } catch (error) {
      this.#parts.logger.debug({ err: error }, "cannot keep entries");
    }
    this.#wake();
  }
}
