import { backendErrors, type CallOptions, type Logger } from "@layotto/sidecar-kit";
import type { Durability } from "@layotto/embedded-store";
import type { PublishRequest } from "../../component.ts";
import type { Engine } from "./engine.ts";
import { dispatchLease } from "./leases.ts";
import { topicName, type Limits } from "./log.ts";
import { recordOf } from "./records.ts";
import type { Topic } from "./topics.ts";

// A message that is published later: format (1 byte), bytes of the topic's key (2), the key, the record.
const KEY_BYTES = 1;
const HEAD = 3;

/** Messages that one transaction moves to the log at most. */
const MOVE_AT_MOST = 500;
/** Longest wait: the wall clock may be set forward. */
const LOOK_EVERY_MS = 1000;
const LEASE_EVERY_MS = 20;
const FAILED_MS = 1000;
/** How often is looked for others while the messages of a topic wait for room. */
const BESIDE_FULL_MS = 40;

/** What {@link Delayed} needs to know of its component. */
export interface DelayedOptions {
  readonly engine: Engine;
  readonly component: string;
  readonly durability: Durability;
  readonly limits: Limits;
  readonly logger: Logger;
}

/**
 * Messages of a component that are published later. They lie in a table by the time they are due; the process that has
 * the lease moves those that are from there to the log, in one transaction, so that each gets there exactly once.
 */
export class Delayed {
  readonly #options: DelayedOptions;
  readonly #lease: string;
  readonly #endListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #working: Promise<void> | undefined;
  #closed = false;
  #failing = false;
  /** Topics without room, and until when they are left alone. */
  readonly #full = new Map<string, number>();

  constructor(options: DelayedOptions) {
    this.#options = options;
    this.#lease = dispatchLease(options.component);
    this.#endListening = options.engine.onChange(() => this.#arm());
    this.#arm();
  }

  /** Keeps a message until it is due. @returns its name */
  async add(
    topicKey: string,
    request: PublishRequest,
    delayMs: number,
    options: CallOptions,
  ): Promise<string> {
    const { engine, component, durability } = this.#options;
    const { environment, counters, delayed } = engine.log;
    const dueMs = environment.clock.wallMs() + delayMs;
    const value = encode(topicKey, recordOf(request));
    const id = await environment.write(
      () => {
        value[0] = environment.format;
        const number = counters.next("delayed");
        counters.next("changes");
        delayed.putSync([component, dueMs, number], value);
        return `${dueMs}-${number}`;
      },
      durability,
      options,
    );
    this.#wakeAt(dueMs);
    return id;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#endListening();
    clearTimeout(this.#timer);
    await this.#working;
    const { log } = this.#options.engine;
    if (!log.leases.isOwn(this.#lease)) return;
    await log.environment.write(() => log.leases.release(this.#lease), "async");
  }

  /** Sets the timer for the message that is due first. */
  #arm(): void {
    const { component, engine } = this.#options;
    const { delayed } = engine.log;
    engine.log.refresh();
    for (const [, dueMs] of delayed.getKeys({ ...rangeOf(component, Infinity), limit: 1 }))
      this.#wakeAt(dueMs);
  }

  #wakeAt(dueMs: number): void {
    if (this.#closed || this.#working !== undefined || dueMs >= this.#timerAtMs) return;
    const nowMs = this.#options.engine.log.environment.clock.wallMs();
    this.#wakeIn(Math.min(Math.max(0, dueMs - nowMs), LOOK_EVERY_MS), dueMs);
  }

  #wakeIn(afterMs: number, atMs: number): void {
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    // A timer may fire a fraction of a millisecond early.
    this.#timer = setTimeout(() => this.#wake(), Math.ceil(afterMs)).unref();
  }

  #wake(): void {
    this.#timerAtMs = Infinity;
    if (this.#closed || this.#working !== undefined) return;
    this.#working = this.#dispatch()
      .then((againMs) => {
        this.#working = undefined;
        if (this.#closed) return;
        if (againMs === undefined) this.#arm();
        else this.#wakeIn(againMs, -Infinity);
      })
      // Reading what is due next failed.
      .catch(() => this.#wakeIn(FAILED_MS, -Infinity));
  }

  /** @returns when to go on; `undefined` = when the next message is due */
  async #dispatch(): Promise<number | undefined> {
    const { engine, durability, logger } = this.#options;
    try {
      engine.log.refresh();
      if (!this.#anyDue()) return undefined;
      if (!engine.log.leases.isFree(this.#lease)) return LEASE_EVERY_MS;
      const topics = new Map<string, Topic>();
      const again = await engine.log.environment.write(() => this.#move(topics), durability);
      this.#failing = false;
      for (const [key, { next }] of topics) engine.consumers.appended(key, next);
      return again;
    } catch (error) {
      if (!this.#failing)
        logger.warn({ err: error }, "cannot publish delayed messages, trying again");
      this.#failing = true;
      return FAILED_MS;
    }
  }

  #anyDue(): boolean {
    const { component, engine } = this.#options;
    const range = rangeOf(component, engine.log.environment.clock.wallMs());
    for (const _ of engine.log.delayed.getKeys({ ...range, limit: 1 })) return true;
    return false;
  }

  /** Inside a write transaction. */
  #move(topics: Map<string, Topic>): number | undefined {
    const { component, engine, limits } = this.#options;
    const { environment, delayed, leases, counters } = engine.log;
    if (!leases.take(this.#lease)) return LEASE_EVERY_MS;
    const nowMs = environment.clock.wallMs();
    let count = 0;
    let isAnyLeft = false;
    for (const { key, value } of this.#due(component, nowMs)) {
      const { topicKey, record } = decode(value);
      const topic =
        topics.get(topicKey) ?? engine.log.topics.getOrAdd(topicKey, environment.format);
      topics.set(topicKey, topic);
      const room = engine.log.makeRoom(topic, record.length, limits.maxBytes);
      if (room !== "made") {
        isAnyLeft = true;
        if (room === "none") this.#setFull(topicKey, nowMs);
        continue;
      }
      engine.log.append(topic, record);
      delayed.removeSync(key);
      count++;
    }
    for (const [key, topic] of topics) engine.log.topics.put(key, topic, environment.format);
    if (count > 0) counters.next("changes");
    if (count === MOVE_AT_MOST) return 0;
    return isAnyLeft || this.#full.size > 0 ? BESIDE_FULL_MS : undefined;
  }

  /** What is due, without topics that have no room. */
  #due(component: string, nowMs: number): { key: [string, number, number]; value: Buffer }[] {
    const due: { key: [string, number, number]; value: Buffer }[] = [];
    for (const [topicKey, untilMs] of this.#full) if (untilMs <= nowMs) this.#full.delete(topicKey);
    for (const entry of this.#options.engine.log.delayed.getRange(rangeOf(component, nowMs))) {
      if (due.length === MOVE_AT_MOST) break;
      if (!this.#full.has(topicKeyOf(entry.value))) due.push(entry);
    }
    return due;
  }

  #setFull(topicKey: string, nowMs: number): void {
    const { logger } = this.#options;
    if (!this.#full.has(topicKey))
      logger.warn({ topic: topicName(topicKey) }, "delayed messages wait: their topic is full");
    this.#full.set(topicKey, nowMs + FAILED_MS);
  }
}

/** Keys of the messages of a component that are due at a time. */
function rangeOf(component: string, nowMs: number): { start: [string]; end: [string, number] } {
  return { start: [component], end: [component, nowMs === Infinity ? Infinity : nowMs + 1] };
}

function encode(topicKey: string, record: Buffer): Buffer {
  const bytes = Buffer.byteLength(topicKey);
  const value = Buffer.allocUnsafe(HEAD + bytes + record.length);
  value.writeUInt16LE(bytes, KEY_BYTES);
  value.write(topicKey, HEAD);
  value.set(record, HEAD + bytes);
  return value;
}

function topicKeyOf(value: Buffer): string {
  return value.toString("utf8", HEAD, HEAD + value.readUInt16LE(KEY_BYTES));
}

function decode(value: Buffer): { topicKey: string; record: Buffer } {
  const bytes = value.readUInt16LE(KEY_BYTES);
  return { topicKey: topicKeyOf(value), record: value.subarray(HEAD + bytes, value.length) };
}

/** Refuses a delay that the table cannot hold. */
export function checkDelay(delayMs: number): void {
  if (Number.isFinite(delayMs) && delayMs >= 0) return;
  throw backendErrors.BACKEND_REFUSED(
    `Cannot delay by ${delayMs} ms: it is no number of milliseconds`,
  );
}
