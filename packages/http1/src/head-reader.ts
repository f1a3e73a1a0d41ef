import { at, Octet } from "./chars.ts";
import { Head } from "./head.ts";
import { Http1Error } from "./http1-error.ts";
import type { Http1Limits } from "./limits.ts";
import { INCOMPLETE } from "./parse-fields.ts";
import { MAX_EMPTY_LINES, parseRequest } from "./parse-request.ts";
import { parseResponse } from "./parse-response.ts";

const FIRST_BYTES = 1024;
/** Connections keep memory for heads up to this size between messages. */
const KEPT_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

/**
 * Puts the heads of a connection together, however they are cut, and keeps the last one: its places stay valid until the
 * next.
 *
 * A head that lies within one read is parsed where it is and copied once. A head that is cut is collected, and parsed
 * only when its end has come, so that a peer that sends single octets costs no more than their number. The octets of
 * the last head are compared with the next: peers repeat themselves, and then nothing is parsed at all.
 */
export class HeadReader {
  readonly head: Head;
  /** The last head is the one before it again, octet by octet. */
  repeats = false;
  private readonly limits: Http1Limits;
  /** Undefined: answers are read. */
  private readonly requests: boolean;
  private store: Buffer = NOTHING;
  /** Octets of an unfinished head in the store. */
  private held = 0;
  /** Octets of the last whole head in the store; 0: there is none. */
  private kept = 0;
  private keptMethod = "";
  private scanned = 0;
  private lineStart = 0;
  private anyLine = false;
  private emptyLines = 0;

  constructor(requests: boolean, limits: Http1Limits) {
    this.requests = requests;
    this.limits = limits;
    this.head = new Head(NOTHING, limits.maxHeaders);
  }

  /** Whether a head has begun and not ended. */
  get pending(): boolean {
    return this.held > 0;
  }

  /**
   * Reads on. All octets given are taken unless the head ends before.
   *
   * @param method of the request that is answered; for requests ""
   * @returns the place after the head, or {@link INCOMPLETE}
   * @throws {Http1Error}
   */
  read(buffer: Buffer, start: number, end: number, method: string): number {
    if (this.held > 0) return this.collect(buffer, start, end, method);
    const { kept } = this;
    if (kept > 0 && end - start >= kept && this.keptMethod === method) {
      this.repeats = buffer.compare(this.store, 0, kept, start, start + kept) === 0;
      if (this.repeats) return start + kept;
    }
    this.repeats = false;
    this.kept = 0;
    const most = Math.min(end, start + this.limits.maxHeadBytes);
    const after = this.parse(buffer, start, most, method);
    if (after !== INCOMPLETE) {
      this.keep(buffer, method);
      return after;
    }
    if (most < end || end - start === this.limits.maxHeadBytes) throw this.tooLong();
    this.scanned = 0;
    this.lineStart = 0;
    this.anyLine = false;
    this.emptyLines = 0;
    return this.collect(buffer, start, end, method);
  }

  /** Lets go of memory for large heads; to be called when the last head is no longer needed. */
  release(): void {
    if (this.store.length <= KEPT_BYTES || this.held > 0) return;
    this.store = NOTHING;
    this.kept = 0;
  }

  private parse(buffer: Buffer, start: number, end: number, method: string): number {
    return this.requests
      ? parseRequest(this.head, buffer, start, end, this.limits)
      : parseResponse(this.head, buffer, start, end, method);
  }

  private keep(buffer: Buffer, method: string): void {
    const { head } = this;
    this.room(0, head.bytes);
    buffer.copy(this.store, 0, head.base, head.base + head.bytes);
    this.remember(0, method);
  }

  private remember(base: number, method: string): void {
    const { head } = this;
    head.buffer = this.store;
    head.base = base;
    this.held = 0;
    // Empty lines before a head are no part of it: what follows them is not compared.
    this.kept = base === 0 ? head.bytes : 0;
    this.keptMethod = method;
  }

  private collect(buffer: Buffer, start: number, end: number, method: string): number {
    const { held } = this;
    const most = Math.min(end, start + this.limits.maxHeadBytes - held);
    this.room(held, held + most - start);
    buffer.copy(this.store, held, start, most);
    this.held = held + most - start;
    while (this.scan(this.held)) {
      const after = this.parse(this.store, 0, this.scanned, method);
      if (after === INCOMPLETE) continue;
      this.remember(this.head.base, method);
      return start + after - held;
    }
    if (this.held < this.limits.maxHeadBytes) return INCOMPLETE;
    this.parse(this.store, 0, this.held, method);
    throw this.tooLong();
  }

  /**
   * Looks on for the empty line, up to `end`. True: {@link scanned} is behind it, or behind what cannot be right; the
   * parser says what is wrong with it.
   */
  private scan(end: number): boolean {
    const { store } = this;
    for (let i = this.scanned; i < end; i++) {
      if (at(store, i) !== Octet.LF) continue;
      const bare = i === 0 || at(store, i - 1) !== Octet.CR;
      const empty = i - 1 <= this.lineStart;
      if (!empty) this.anyLine = true;
      else if (!this.anyLine) this.emptyLines++;
      this.lineStart = i + 1;
      if (!bare && !(empty && (this.anyLine || this.emptyLines > MAX_EMPTY_LINES))) continue;
      this.scanned = i + 1;
      return true;
    }
    this.scanned = end;
    return false;
  }

  private room(used: number, wanted: number): void {
    if (this.store.length >= wanted) return;
    const size = Math.max(FIRST_BYTES, wanted, Math.min(this.store.length * 2, this.limits.maxHeadBytes)); // prettier-ignore
    const larger = Buffer.allocUnsafeSlow(size);
    this.store.copy(larger, 0, 0, used);
    this.store = larger;
  }

  private tooLong(): Http1Error {
    return new Http1Error(431, `a head of more than ${this.limits.maxHeadBytes} octets`);
  }
}
