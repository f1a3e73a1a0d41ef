import { MessageReader, type MessageSink } from "@layotto/grpc-transport/wire";
import type { RecordedCall, RecordedConnection } from "./model.ts";

/** Larger messages are not kept by servers that speak gRPC. */
const maxMessageBytes = 1 << 30;

/** Puts one call together from its frames. */
export class CallReader implements MessageSink {
  readonly #call: RecordedCall;
  readonly #messages = new MessageReader(this, maxMessageBytes);
  #atMs: number | undefined;
  /** The body is no gRPC. */
  #isForeign = false;

  constructor(
    connection: RecordedConnection,
    stream: number,
    fields: readonly [string, string][],
    atMs: number | undefined,
  ) {
    const path = fields.find(([name]) => name === ":path")?.[1] ?? "";
    this.#call = { connection, stream, path, fields, messages: [], atMs, end: "cut off" };
  }

  /** Takes the payload of a DATA frame. */
  add(buffer: Buffer, from: number, to: number, atMs: number | undefined): void {
    this.#atMs = atMs;
    if (this.#isForeign) return;
    try {
      this.#messages.push(buffer, from, to);
    } catch {
      this.#isForeign = true;
    }
  }

  /** The call as far as it is known. */
  finish(end: RecordedCall["end"]): RecordedCall {
    // Half a message at the end: the caller gave it up, or the recording ended.
    const isHalf = this.#isForeign || this.#messages.heldBytes > 0;
    this.#call.end = end === "complete" && isHalf ? "cut off" : end;
    return this.#call;
  }

  onMessage(message: Buffer, compressed: boolean, owned: boolean): void {
    const bytes = owned ? message : Buffer.from(message);
    this.#call.messages.push({ bytes, compressed, atMs: this.#atMs });
  }
}
