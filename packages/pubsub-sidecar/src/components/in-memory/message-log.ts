import type { Message } from "./message.ts";

const SMALLEST = 16;

/**
 * The newest messages of a topic by position, oldest first: a ring that grows and shrinks. A linked list would do, but
 * its dead nodes in V8's old space keep young ones alive.
 */
export class MessageLog {
  #ring: (Message | undefined)[] = new Array<Message | undefined>(SMALLEST).fill(undefined);
  #begin = 0;
  #end = 0;

  /** Position of the oldest message. */
  get begin(): number {
    return this.#begin;
  }

  /** Position of the next message that comes. */
  get end(): number {
    return this.#end;
  }

  push(message: Message): void {
    if (this.#end - this.#begin === this.#ring.length) this.#resize(2 * this.#ring.length);
    this.#ring[this.#end & (this.#ring.length - 1)] = message;
    this.#end++;
  }

  at(position: number): Message | undefined {
    return this.#ring[position & (this.#ring.length - 1)];
  }

  /** Removes the oldest message, which must be there. */
  shift(): Message | undefined {
    const slot = this.#begin & (this.#ring.length - 1);
    const message = this.#ring[slot];
    this.#ring[slot] = undefined;
    this.#begin++;
    return message;
  }

  /** Forgets what is older than a position. */
  trim(position: number): void {
    while (this.#begin < position) this.shift();
    const used = this.#end - this.#begin;
    if (this.#ring.length > 4 * SMALLEST && used < this.#ring.length / 8)
      this.#resize(this.#ring.length / 4);
  }

  #resize(size: number): void {
    const ring = new Array<Message | undefined>(size).fill(undefined);
    for (let at = this.#begin; at < this.#end; at++) ring[at & (size - 1)] = this.at(at);
    this.#ring = ring;
  }
}
