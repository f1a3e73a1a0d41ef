import type { Delivery } from "../../component.ts";
import type { Member } from "./member.ts";
import { dataOf, metadataOf } from "./records.ts";

/** A message that waits to be handed out. */
export interface WaitingMessage {
  readonly seq: number;
  readonly lane: string | undefined;
  readonly redelivered: number;
}

/** Who is told what became of a message. */
export interface MessageOwner {
  acked(message: Message): void;
  released(message: Message): void;
}

/** A message as it was handed out once. */
export class Message implements Delivery, WaitingMessage {
  readonly seq: number;
  readonly lane: string | undefined;
  readonly redelivered: number;
  readonly holder: Member;
  readonly #record: Buffer;
  #owner: MessageOwner | undefined;

  constructor(waiting: WaitingMessage, record: Buffer, holder: Member, owner: MessageOwner) {
    this.seq = waiting.seq;
    this.lane = waiting.lane;
    this.redelivered = waiting.redelivered;
    this.holder = holder;
    this.#record = record;
    this.#owner = owner;
  }

  get id(): string {
    return String(this.seq);
  }

  get data(): Uint8Array {
    return dataOf(this.#record);
  }

  get metadata(): Readonly<Record<string, string>> | undefined {
    return metadataOf(this.#record);
  }

  ack(): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.acked(this);
  }

  release(): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.released(this);
  }
}
