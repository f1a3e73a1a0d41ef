import type { RedisConnection } from "@layotto/redis-connection";
import type { Logger } from "@layotto/sidecar-kit";
import { randomUUID } from "node:crypto";
import { delayKeys, topicKeys } from "./delay-keys.ts";
import type { DelayScript } from "./delay-scripts.ts";
import type { Outage } from "./outage.ts";

/** Life of the lease: a dispatcher that crashed is replaced after it. */
const LEASE_MS = 800;
/** Longest pause between two looks; each renews the lease. */
const LOOK_MS = 200;
/** Longest pause of a process that does not dispatch. */
const STANDBY_MS = 500;
const MOST_TOPICS = 64;
const MOST_MESSAGES = 200;
/** A topic whose messages could not be moved, or whose dispatcher crashed, is tried again after this long. */
const BUSY_MS = 2000;

const unbounded = { signal: new AbortController().signal, deadlineMs: undefined };

/**
 * Moves delayed messages into their streams when they are due. Every process has one, the one with the lease works. Each
 * message is moved and removed in one step inside Redis, so it arrives once even if two should work at a time.
 */
export class Dispatcher {
  readonly #connection: RedisConnection<DelayScript>;
  readonly #outage: Outage;
  readonly #logger: Logger;
  readonly #me: string = randomUUID();
  readonly #failing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #nextMs = Infinity;
  #look: Promise<void> | undefined;
  #isMine = false;
  #isClosed = false;

  constructor(connection: RedisConnection<DelayScript>, outage: Outage, logger: Logger) {
    this.#connection = connection;
    this.#outage = outage;
    this.#logger = logger;
    this.#again(0);
  }

  /** A message is due after so many milliseconds. */
  expect(delayMs: number): void {
    if (this.#isMine) this.#again(delayMs);
  }

  /** Lets another process dispatch at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#look;
    this.#outage.over(this);
    if (!this.#isMine) return;
    await this.#connection
      .call(unbounded, (client) => client.delayLetGo(delayKeys.lease, this.#me))
      .catch(() => undefined); // it ends by itself
  }

  /** Looks after so many milliseconds, or sooner if that was planned. */
  #again(ms: number): void {
    const atMs = performance.now() + ms;
    if (this.#isClosed || atMs >= this.#nextMs) return;
    this.#nextMs = atMs;
    if (this.#look === undefined) this.#setTimer();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(
      () => {
        this.#nextMs = Infinity;
        this.#look = this.#lookNow();
      },
      Math.max(0, this.#nextMs - performance.now()),
    );
  }

  async #lookNow(): Promise<void> {
    let waitMs = STANDBY_MS;
    try {
      waitMs = await this.#work();
      this.#outage.over(this);
    } catch (error) {
      this.#isMine = false;
      if (!this.#isClosed) this.#outage.began(this, error);
    }
    this.#again(waitMs);
    this.#look = undefined;
    this.#setTimer();
  }

  /** @returns milliseconds until the next look */
  async #work(): Promise<number> {
    const { lease, topics, busy } = delayKeys;
    const reply = await this.#connection.call(unbounded, (client) =>
      client.delayNext(lease, topics, busy, this.#me, LEASE_MS, MOST_TOPICS, BUSY_MS),
    );
    const [isMine, waitMs, ...due] = reply as [number, number, ...string[]]; // what the script returns
    this.#isMine = isMine === 1;
    if (!this.#isMine) return Math.min(Math.max(waitMs, 1) + 1, STANDBY_MS);
    await Promise.all(due.map((topic) => this.#dispatch(topic)));
    if (due.length === MOST_TOPICS) return 0;
    return waitMs < 0 ? LOOK_MS : Math.min(waitMs, LOOK_MS);
  }

  async #dispatch(topic: string): Promise<void> {
    try {
      const nextMs = await this.#move(topic);
      await this.#connection.call(unbounded, (client) =>
        client.delayFinish(delayKeys.topics, delayKeys.busy, topic, nextMs),
      );
      if (nextMs >= 0) this.#again(nextMs);
      this.#failing.delete(topic);
    } catch (error) {
      if (this.#failing.has(topic)) return;
      this.#failing.add(topic);
      this.#logger.warn({ err: error, topic }, "cannot deliver delayed messages, trying again");
    }
  }

  /** @returns milliseconds until the topic's next message is due; -1 = it has none */
  async #move(topic: string): Promise<number> {
    const { order, content } = topicKeys(topic);
    for (;;) {
      const reply = await this.#connection.call(unbounded, (client) =>
        client.delayMove(topic, order, content, MOST_MESSAGES),
      );
      const [moved, nextMs] = reply as [number, number]; // what the script returns
      if (moved < MOST_MESSAGES || this.#isClosed) return nextMs;
    }
  }
}
