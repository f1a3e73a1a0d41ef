import { ownBytes } from "@layotto/sidecar-kit";
import { Group } from "./group.ts";
import { MessageLog } from "./message-log.ts";
import { Message } from "./message.ts";
import { Slab } from "./slab.ts";

/** What a topic tells its component. */
export interface TopicOwner {
  /** The topic may have something to hand out. */
  wake(topic: Topic): void;
  /** Nobody needs the message any more. */
  freed(topic: Topic, message: Message): void;
}

/** Messages after which a topic gets a slab: before, it would mostly be empty. */
const SLAB_FROM = 16;

/** Messages handed out in one go before others have their turn. */
const TURN = 1000;

/** A topic: its messages, once, and the groups that go through them. */
export class Topic {
  readonly name: string;
  readonly log = new MessageLog();
  /** Set while it waits for its turn. */
  isAwake = false;
  readonly #owner: TopicOwner;
  readonly #groups = new Map<string, Group>();
  #slab: Slab | undefined;

  constructor(name: string, owner: TopicOwner) {
    this.name = name;
    this.#owner = owner;
  }

  /** Messages that no group has asked for. */
  get backlog(): number {
    return this.#groups.size === 0 ? this.log.end - this.log.begin : 0;
  }

  append(seq: number, data: Uint8Array, key: string | undefined): Message {
    const message = new Message(seq, this.#own(data), key);
    this.log.push(message);
    if (this.#groups.size === 0) return message;
    message.pending = this.#groups.size;
    for (const group of this.#groups.values()) {
      group.unacknowledged++;
      group.wake();
    }
    return message;
  }

  /** The group of that name. The first one of a topic begins with the backlog, the others with what comes next. */
  group(name: string): Group {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    const { log } = this;
    const group = new Group(this, this.#groups.size === 0 ? log.begin : log.end);
    for (let at = group.position; at < log.end; at++) {
      const message = log.at(at);
      if (message !== undefined) message.pending = 1;
    }
    group.unacknowledged = log.end - group.position;
    this.#groups.set(name, group);
    return group;
  }

  wake(): void {
    this.#owner.wake(this);
  }

  acknowledged(message: Message): void {
    if (--message.pending === 0) this.#owner.freed(this, message);
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
  }

  /** Removes the oldest message of the backlog. */
  dropOldest(): void {
    const message = this.log.shift();
    if (message !== undefined) this.#owner.freed(this, message);
  }

  /** Hands out what can be handed out, up to a limit: then it wakes again. */
  turn(): void {
    let oldest = this.log.end;
    for (const group of this.#groups.values()) {
      let left = TURN;
      while (left > 0 && group.step()) left--;
      if (left === 0) this.wake();
      oldest = Math.min(oldest, group.position);
    }
    this.log.trim(oldest);
  }

  #own(data: Uint8Array): Uint8Array {
    if (this.#slab !== undefined) return this.#slab.own(data);
    if (this.log.end === SLAB_FROM) this.#slab = new Slab();
    return ownBytes(data);
  }
}
