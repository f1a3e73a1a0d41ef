import { busyAbove, type HostCaller } from "./host-caller.ts";

/** One queue: items, and the instances that want to hear of them. */
export class SharedQueue {
  readonly id: number;
  /** Function that it belongs to. */
  readonly owner: string;
  /** Octets of the items. */
  bytes = 0;
  readonly #listeners: HostCaller[] = [];
  #items: Uint8Array[] = [];
  #head = 0;
  /** Items of which no instance was told. */
  #untold = 0;
  #turn = 0;

  constructor(id: number, owner: string) {
    this.id = id;
    this.owner = owner;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** From now on the instance hears of items, also of those that are there and that nobody was told of. */
  register(listener: HostCaller): void {
    if (!this.#listeners.includes(listener)) this.#listeners.push(listener);
    this.#tell();
  }

  /** The instance is gone; what it was told of is told to the next one that registers, unless others are there. */
  unregister(listener: HostCaller): void {
    const index = this.#listeners.indexOf(listener);
    if (index < 0) return;
    this.#listeners.splice(index, 1);
    if (this.#listeners.length === 0) this.#untold = this.length;
  }

  push(item: Uint8Array): void {
    this.#items.push(item);
    this.bytes += item.length;
    this.#untold += 1;
    this.#tell();
  }

  shift(): Uint8Array | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    this.bytes -= item.length;
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#tell();
    return item;
  }

  /** Tells instances that are not busy of items, one event for each; the rest is told when an item is taken or comes. */
  #tell(): void {
    this.#untold = Math.min(this.#untold, this.length);
    while (this.#untold > 0) {
      const listener = this.#next();
      if (listener === undefined) return;
      this.#untold -= 1;
      listener.deliver({ kind: "queue-ready", queue: this.id });
    }
  }

  /** One instance after the other. */
  #next(): HostCaller | undefined {
    const count = this.#listeners.length;
    for (let tries = 0; tries < count; tries += 1) {
      const listener = this.#listeners[this.#turn++ % count];
      if (listener !== undefined && listener.pending < busyAbove) return listener;
    }
    return undefined;
  }
}
