import type { Logger } from "@layotto/sidecar-kit";
import type { Durability } from "@layotto/embedded-store";
import type { Receiver } from "../../component.ts";
import { Backlog, type Reader } from "./backlog.ts";
import { groupLease } from "./leases.ts";
import type { GroupKey, Position } from "./groups.ts";
import { topicName, type Log } from "./log.ts";
import type { LogWriter, Saved } from "./log-writer.ts";
import { Member, type MemberGroup } from "./member.ts";
import { Message, type MessageOwner } from "./message.ts";

/** Messages handed out in one go: bounds how long the event loop is held. */
const HAND_OUT_AT_MOST = 256;
const READ_AGAIN_MS = 1000;

/** What a {@link Consumer} is made of. */
export interface ConsumerOptions {
  readonly log: Log;
  readonly writer: LogWriter;
  readonly topicKey: string;
  readonly group: string;
  readonly durability: Durability;
  readonly logger: Logger;
  /** Called once, when the last member has left. */
  ended(): void;
}

/**
 * A group of a topic in this process: hands the messages of the log to its members, and keeps on disk what they have
 * acknowledged. It does so while this process has the lease of the group; until then its members wait.
 */
export class Consumer implements MemberGroup, MessageOwner, Reader, Saved {
  readonly #options: ConsumerOptions;
  readonly #members: Member[] = [];
  readonly #backlog = new Backlog(this);
  #key: GroupKey | undefined;
  #active = false;
  #activating: Promise<void> | undefined;
  #ended: Promise<void> | undefined;
  #lastMember = 0;
  #handingOut = false;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  /** Set while the last member leaves: who comes then waits and makes a new consumer. */
  get ended(): Promise<void> | undefined {
    return this.#ended;
  }

  /** Whether it needs the lease of the group. */
  get isWaiting(): boolean {
    return !this.#active && this.#activating === undefined && this.#ended === undefined;
  }

  /** Name of its lease, once the topic is known. */
  get lease(): string | undefined {
    return this.#key === undefined ? undefined : groupLease(...this.#key);
  }

  join(receiver: Receiver, prefetch: number): Member {
    const member = new Member(receiver, prefetch, this);
    this.#members.push(member);
    this.changed();
    return member;
  }

  /** Tries to get the lease, unless it is there. */
  activate(): Promise<void> {
    if (this.#active) return Promise.resolve();
    this.#activating ??= this.#takeLease().finally(() => (this.#activating = undefined));
    return this.#activating;
  }

  /** The topic now ends before this sequence. */
  appended(end: number): void {
    if (this.#backlog.appended(end)) this.#handOut();
  }

  /** Never hands out at once: whoever calls may be in the middle of something. */
  changed(): void {
    this.#backlog.changed();
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#handOut();
    });
  }

  lag(): number {
    const { log, topicKey } = this.#options;
    log.refresh();
    const topic = log.topics.get(topicKey);
    if (topic === undefined || this.#key === undefined) return 0;
    const position = this.#active ? this.#position() : log.groups.get(this.#key);
    const { next = topic.oldest, open = [] } = position ?? {};
    const unread = topic.next - Math.max(next, topic.oldest);
    return unread + open.filter((seq) => seq >= topic.oldest).length;
  }

  acked(message: Message): void {
    if (!this.#backlog.acked(message)) return;
    this.#options.writer.saveLater(this);
    this.changed();
  }

  released(message: Message): void {
    this.#backlog.cameBack(message);
    this.changed();
  }

  async leave(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    this.#backlog.allCameBack(member);
    if (this.#members.length === 0) {
      this.#ended = this.#finish();
      return this.#ended;
    }
    this.changed();
    const { log, durability } = this.#options;
    if (this.#active) await log.environment.write(() => this.save(), durability);
  }

  save(): void {
    const { log } = this.#options;
    if (!this.#active || this.#key === undefined) return;
    const { next, open } = this.#backlog;
    log.groups.put(this.#key, next, open, log.head);
  }

  read(seq: number): Buffer | undefined {
    return this.#key === undefined ? undefined : this.#options.log.read(this.#key[0], seq);
  }

  missing(seq: number): number | undefined {
    const { log, topicKey, writer, logger } = this.#options;
    const oldest = log.topics.get(topicKey)?.oldest ?? 0;
    if (seq < oldest) {
      writer.saveLater(this);
      return oldest;
    }
    logger.warn({ topic: topicName(topicKey), seq }, "a message of the log cannot be read");
    return undefined;
  }

  async #takeLease(): Promise<void> {
    const { log, topicKey, group, durability } = this.#options;
    const taken = await log.environment.write(() => {
      const topic = log.topics.getOrAdd(topicKey, log.environment.format);
      this.#key ??= [topic.id, group];
      if (!log.leases.take(groupLease(topic.id, group))) return undefined;
      return { end: topic.next, position: log.groups.getOrAdd(this.#key, topic.oldest, log.head) };
    }, durability);
    if (taken === undefined) return;
    this.#active = true;
    this.#backlog.start(taken.position);
    this.#backlog.appended(taken.end);
    this.changed();
  }

  /** Saves and gives the lease back. */
  async #finish(): Promise<void> {
    const { log, writer, durability, ended } = this.#options;
    try {
      await this.#activating?.catch(() => undefined);
      if (!this.#active) return;
      await log.environment.write(() => {
        this.save();
        if (this.lease !== undefined) log.leases.release(this.lease);
      }, durability);
    } finally {
      clearImmediate(this.#scheduled);
      this.#active = false;
      writer.forget(this);
      ended();
    }
  }

  #position(): Position {
    return { next: this.#backlog.next, open: [...this.#backlog.open.keys()] };
  }

  /** Hands out what can be, a bounded number at a time. Members may settle from within. */
  #handOut(): void {
    if (!this.#active || this.#handingOut || this.#ended !== undefined) return;
    this.#handingOut = true;
    try {
      this.#options.log.refresh();
      for (let count = 0; this.#handOutOne(); count++) {
        if (count < HAND_OUT_AT_MOST) continue;
        this.changed();
        break;
      }
    } catch (error) {
      const { logger, topicKey } = this.#options;
      logger.warn({ err: error, topic: topicName(topicKey) }, "cannot read the log, trying again");
      setTimeout(() => this.changed(), READ_AGAIN_MS).unref();
    } finally {
      this.#handingOut = false;
    }
  }

  /** @returns false when nothing can be handed out now */
  #handOutOne(): boolean {
    const turn = this.#backlog.take(this.#freeMember());
    if (turn === undefined) return false;
    if (turn === "again") return true;
    const message = new Message(turn.message, turn.record, turn.taker, this);
    this.#backlog.gave(message);
    turn.taker.receiver.deliver(message);
    return true;
  }

  /** The next member with room, in turns. */
  #freeMember(): Member | undefined {
    const { length } = this.#members;
    for (let i = 1; i <= length; i++) {
      const at = (this.#lastMember + i) % length;
      const member = this.#members[at];
      if (member?.isFree !== true) continue;
      this.#lastMember = at;
      return member;
    }
    return undefined;
  }
}
