import type { Logger } from "@layotto/sidecar-kit";
import { groupLease } from "./leases.ts";
import { REMOVE_AT_MOST, type Limits, type Log } from "./log.ts";
import type { Topic } from "./topics.ts";

const LOOK_EVERY_MS = 2000;
/** After a full piece there is more to do, so the next one comes sooner. */
const LOOK_AGAIN_MS = 50;

/**
 * Removes the messages of a component that are too old, or that every group has acknowledged some time ago: a bounded
 * piece per transaction, in which no other process does the same.
 */
export class Retention {
  readonly #log: Log;
  readonly #prefix: string;
  readonly #limits: Limits;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<unknown> | undefined;
  #failing = false;
  #closed = false;

  /** @param prefix of the component's topics */
  constructor(log: Log, prefix: string, limits: Limits, logger: Logger) {
    this.#log = log;
    this.#prefix = prefix;
    this.#limits = limits;
    this.#logger = logger;
    this.#schedule(LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  /** Removes one piece. @returns how many messages */
  async sweep(): Promise<number> {
    this.#log.refresh();
    const keys = this.#log.topics.keys(this.#prefix).filter((key) => this.#hasWork(key));
    if (keys.length === 0) return 0;
    return this.#log.environment.write(() => {
      let removed = 0;
      for (const key of keys) removed += this.#sweepTopic(key, REMOVE_AT_MOST - removed);
      return removed;
    }, "async");
  }

  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#working = this.#tick();
    }, afterMs).unref();
  }

  async #tick(): Promise<void> {
    let removed = 0;
    try {
      removed = await this.sweep();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#logger.warn({ err: error }, "cannot remove old messages, trying again");
      this.#failing = true;
    }
    if (!this.#closed) this.#schedule(removed < REMOVE_AT_MOST ? LOOK_EVERY_MS : LOOK_AGAIN_MS);
  }

  #hasWork(key: string): boolean {
    const topic = this.#log.topics.get(key);
    if (topic === undefined) return false;
    const oldestMs = this.#log.oldestMs(topic);
    const mayGo = this.#rule(topic);
    if (oldestMs !== undefined && mayGo(topic.oldest, oldestMs)) return true;
    return this.#abandoned(topic).length > 0;
  }

  /** Inside a write transaction. */
  #sweepTopic(key: string, atMost: number): number {
    const topic = this.#log.topics.get(key);
    if (topic === undefined) return 0;
    const removed = this.#log.removeOldest(topic, atMost, this.#rule(topic));
    if (removed > 0) this.#log.topics.put(key, topic, this.#log.environment.format);
    for (const group of this.#abandoned(topic)) this.#log.groups.remove(group);
    return removed;
  }

  /** Which of its oldest messages a topic need not keep. */
  #rule(topic: Topic): (seq: number, publishedMs: number) => boolean {
    const { maxAgeMs, maxBytes, keepConsumedMs } = this.#limits;
    const floor = this.#log.groups.floor(topic.id);
    const nowMs = this.#log.environment.clock.wallMs();
    return (seq, publishedMs) => {
      if (publishedMs <= nowMs - maxAgeMs) return true;
      if (seq >= floor) return false;
      const hasGroups = floor !== Infinity;
      return topic.bytes > maxBytes || (hasGroups && publishedMs <= nowMs - keepConsumedMs);
    };
  }

  /**
   * Groups that nobody has used for so long that the messages they had not acknowledged then have been removed: to
   * forget them changes nothing but that they hold up nothing any more.
   */
  #abandoned(topic: Topic): [number, string][] {
    const { environment, groups, leases } = this.#log;
    const unused = groups.unusedSince(topic.id, environment.clock.wallMs() - this.#limits.maxAgeMs);
    return unused.filter((key) => !leases.isHeld(groupLease(...key)));
  }
}
