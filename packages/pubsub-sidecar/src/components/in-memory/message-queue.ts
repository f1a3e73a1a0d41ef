import type { Message } from "./message.ts";

/** Slots given up at the front before the rest is moved there. */
const COMPACT_FROM = 64;

/** Messages that wait, oldest first. Those that were released come back to their place. */
export class MessageQueue {
  #items: (Message | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds a message; mostly the newest or one of the oldest. */
  add(message: Message): void {
    const items = this.#items;
    const last = items.at(-1);
    if (last === undefined || last.seq < message.seq) {
      items.push(message);
      return;
    }
    let at = this.#head;
    for (let next = items[at]; next !== undefined && next.seq < message.seq; next = items[at]) at++;
    if (at === this.#head && this.#head > 0) items[--this.#head] = message;
    else items.splice(at, 0, message);
  }

  shift(): Message | undefined {
    const message = this.#items[this.#head];
    if (message === undefined) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }
}
