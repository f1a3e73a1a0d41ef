import { ChunkReader } from "./chunk-reader.ts";
import { Framing, type Head } from "./head.ts";
import type { Http1Limits } from "./limits.ts";

/** Gets the octets of a body; they are valid during the call only. */
export interface BodySink {
  onBody(buffer: Buffer, start: number, end: number): void;
}

/** Reads one body after the other, however they are delimited (RFC 9112 §6). */
export class BodyReader {
  /** The body is over: the next octet belongs to the next message. */
  done = true;
  private framing: number = Framing.NONE;
  private left = 0;
  private readonly chunks: ChunkReader;

  constructor(limits: Http1Limits) {
    this.chunks = new ChunkReader(limits);
  }

  /** Begins the body of a message. */
  begin(head: Head): void {
    this.framing = head.framing;
    this.left = head.contentLength;
    this.done = head.framing === Framing.NONE;
    if (head.framing === Framing.CHUNKED) this.chunks.begin();
  }

  /** Trailer fields of the last body, if it had any. */
  get trailers(): Head | undefined {
    return this.framing === Framing.CHUNKED ? this.chunks.trailers : undefined;
  }

  /**
   * Hands on what belongs to the body.
   *
   * @returns the place after it; `end` unless the body is over before
   * @throws {Http1Error} when chunks are malformed or over a limit
   */
  read(buffer: Buffer, start: number, end: number, sink: BodySink): number {
    if (this.framing === Framing.LENGTH) return this.readLength(buffer, start, end, sink);
    if (this.framing === Framing.CHUNKED) {
      const after = this.chunks.read(buffer, start, end, sink);
      this.done = this.chunks.done;
      return after;
    }
    if (this.framing === Framing.NONE) return start;
    if (end > start) sink.onBody(buffer, start, end);
    return end;
  }

  /** The peer has closed its side. Whether that is a proper end of the body. */
  endOfInput(): boolean {
    if (this.framing === Framing.CLOSE) this.done = true;
    return this.done;
  }

  private readLength(buffer: Buffer, start: number, end: number, sink: BodySink): number {
    const last = Math.min(end, start + this.left);
    this.left -= last - start;
    this.done = this.left === 0;
    if (last > start) sink.onBody(buffer, start, last);
    return last;
  }
}
