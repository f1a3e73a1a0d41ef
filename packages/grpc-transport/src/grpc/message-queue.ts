import type { Http2Stream } from "../connection/stream.ts";
import { GrpcError } from "../grpc-error.ts";
import { Status } from "../status.ts";
import { decompress, type Encoding } from "./compression.ts";
import { HeldBytes } from "./held-bytes.ts";
import { MessageReader, type MessageSink } from "./message-reader.ts";

/** What a waiting message costs beside its octets. */
const ITEM_BYTES = 128;

interface Item {
  message: Buffer;
  compressed: boolean;
}

interface Waiter {
  resolve(result: IteratorResult<Uint8Array, undefined>): void;
  reject(error: unknown): void;
}

/**
 * Received messages of a streaming call as an async iterator. Window is returned only while no whole
 * message waits to be taken, so a slow reader holds at most a window and one message. On servers what is
 * held counts against the limit of the connection, for the peer decides how many calls there are.
 */
export class MessageQueue implements AsyncIterableIterator<Uint8Array>, MessageSink {
  private readonly reader: MessageReader;
  private readonly maxMessageBytes: number;
  private readonly items: Item[] = [];
  private readonly onReturn: () => void;
  private itemBytes = 0;
  private disposed = false;
  private stream: Http2Stream | undefined;
  private encoding: Encoding = "identity";
  private waiter: Waiter | null = null;
  private held: HeldBytes | null = null;
  private owed = 0;
  private ended = false;
  private error: unknown;

  /** @param onReturn called when the reader stops before the end */
  constructor(maxMessageBytes: number, onReturn: () => void) {
    this.reader = new MessageReader(this, maxMessageBytes);
    this.maxMessageBytes = maxMessageBytes;
    this.onReturn = onReturn;
  }

  /** Says where the messages come from and how they are compressed. */
  attach(stream: Http2Stream, encoding: Encoding): void {
    this.stream = stream;
    this.encoding = encoding;
  }

  /**
   * Takes bytes of the body.
   *
   * @throws {GrpcError} when they are no messages within the limits
   */
  push(stream: Http2Stream, buffer: Buffer, start: number, end: number): void {
    this.owed += end - start;
    this.reader.push(buffer, start, end);
    this.held ??= new HeldBytes(stream.connection);
    const items = stream.connection.isServer ? this.itemBytes : 0;
    this.held.set(this.reader.heldBytes + items);
    this.returnWindow();
  }

  onMessage(message: Buffer, compressed: boolean, owned: boolean): void {
    const item = { message: owned ? message : Buffer.from(message), compressed };
    this.items.push(item);
    this.itemBytes += message.length + ITEM_BYTES;
    if (this.waiter === null) return;
    const { resolve, reject } = this.waiter;
    this.waiter = null;
    this.next().then(resolve, reject);
  }

  /** The peer has sent everything; with an error the reader gets that after the messages. */
  finish(error?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.error = error ?? this.truncated();
    this.release(0);
    if (this.waiter === null) return;
    const { resolve, reject } = this.waiter;
    this.waiter = null;
    if (this.error === undefined) resolve({ done: true, value: undefined });
    else reject(this.error);
  }

  /** The call is over and nobody will read: forgets what waits. */
  dispose(error?: unknown): void {
    this.disposed = true;
    this.items.length = 0;
    this.itemBytes = 0;
    this.finish(error);
    this.held?.set(0);
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const item = this.items.shift();
    if (item !== undefined) {
      this.itemBytes -= item.message.length + ITEM_BYTES;
      this.release(this.reader.heldBytes);
      this.returnWindow();
      return this.unpack(item);
    }
    if (this.error !== undefined) return Promise.reject(this.error);
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    if (this.waiter !== null)
      return Promise.reject(new Error("Cannot read: a read is in progress"));
    return new Promise((resolve, reject) => (this.waiter = { resolve, reject }));
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.ended) this.onReturn();
    this.items.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async unpack(item: Item): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!item.compressed) return { done: false, value: item.message };
    const value = await decompress(item.message, this.encoding, this.maxMessageBytes);
    return { done: false, value };
  }

  private returnWindow(): void {
    if (this.items.length > 0 || this.owed === 0) return;
    const bytes = this.owed;
    this.owed = 0;
    this.stream?.consume(bytes);
  }

  /** Accounts for less than before, which never fails. */
  private release(partialBytes: number): void {
    if (this.disposed || this.held === null) return;
    const items = this.stream?.connection.isServer ? this.itemBytes : 0;
    this.held.set((this.ended ? 0 : partialBytes) + items);
  }

  private truncated(): GrpcError | undefined {
    if (this.reader.heldBytes === 0) return undefined;
    return new GrpcError(Status.INTERNAL, "Cannot read message: the stream ended inside it");
  }
}
