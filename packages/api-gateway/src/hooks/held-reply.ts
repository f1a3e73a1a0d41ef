import type { HeaderList, Http2Stream } from "@layotto/grpc-transport";

/** Octets before a message: compressed flag and length. */
const prefixBytes = 5;

/** What has come of a reply while its hooks have not decided; the bytes are copies. */
export class HeldReply {
  /** The stream to the sidecar. */
  readonly stream: Http2Stream;
  readonly head: HeaderList;
  /** The headers are all there is. */
  readonly isHeadOnly: boolean;
  trailers: HeaderList | undefined;
  /** The sidecar has ended the reply. */
  isComplete: boolean;
  readonly #caller: Http2Stream;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Of the first message with its prefix; 0 while that is not there. */
  #firstBytes = 0;
  /** Bytes whose window the sidecar has back although they are held. */
  #returned = 0;

  /** @param caller on whose connection the bytes are accounted for */
  constructor(stream: Http2Stream, head: HeaderList, isHeadOnly: boolean, caller: Http2Stream) {
    this.stream = stream;
    this.head = head;
    this.isHeadOnly = isHeadOnly;
    this.isComplete = isHeadOnly;
    this.#caller = caller;
  }

  /** How many bytes are held. */
  get length(): number {
    return this.#bytes;
  }

  /** The bytes so far. */
  get data(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  /** Whether the bytes are more than one message: whatever the method is called, it answers with a stream. */
  get hasSeveral(): boolean {
    return this.#firstBytes > 0 && this.#bytes > this.#firstBytes;
  }

  /** The one message, without its prefix; undefined when there is none, or not just one. */
  get message(): { readonly bytes: Buffer; readonly compressed: boolean } | undefined {
    if (this.#firstBytes === 0 || this.#bytes !== this.#firstBytes) return undefined;
    const { data } = this;
    return { bytes: data.subarray(prefixBytes), compressed: data[0] === 1 };
  }

  /** Keeps a copy of the bytes; false when the caller's connection holds too much already. */
  add(buffer: Buffer, start: number, end: number): boolean {
    const bytes = end - start;
    const { connection } = this.#caller;
    if (bytes === 0) return true;
    if (!connection.mayBuffer(bytes)) return false;
    connection.holdBuffered(bytes);
    this.#bytes += bytes;
    this.#chunks.push(Buffer.from(buffer.subarray(start, end)));
    if (this.#firstBytes === 0 && this.#bytes >= prefixBytes) {
      this.#firstBytes = prefixBytes + this.data.readUInt32BE(1);
    }
    return true;
  }

  /** Gives the sidecar its window back for bytes that stay here: a message may be larger than a window. */
  returnWindow(bytes: number): void {
    this.#returned += bytes;
    this.stream.consume(bytes);
  }

  /** Forgets the bytes. Whoever passes them on returns their window: what they have had back counts against that. */
  release(): void {
    this.stream.consume(-this.#returned);
    this.#returned = 0;
    this.#caller.connection.releaseBuffered(this.#bytes);
    this.#bytes = 0;
    this.#chunks = [];
  }
}

/** A message with its prefix, not compressed. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
