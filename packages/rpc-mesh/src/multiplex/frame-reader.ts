import { CodecError } from "./codec-error.ts";
import { PartialBudget } from "./partial-budget.ts";
import type { Frame, FrameSink, Wire } from "./wire.ts";

/** First memory for a frame that comes in parts; it doubles as the frame comes in, whatever length was announced. */
const FIRST_BYTES = 16_384;
const NO_BYTES = Buffer.alloc(0);

/** Memory of all incomplete frames of the process together. */
const MAX_PARTIAL_BYTES = 512 * 1024 * 1024;

const processBudget = new PartialBudget(MAX_PARTIAL_BYTES);

/**
 * Cuts a stream of bytes into frames. A frame that lies whole in the chunk is handed out in place; only one that comes in
 * parts is collected, in memory that never exceeds twice what has arrived.
 */
export class FrameReader<F extends Frame> {
  private readonly wire: Wire<F>;
  private readonly sink: FrameSink<F>;
  private readonly maxBytes: number;
  private readonly budget: PartialBudget;
  private readonly frame: F;
  private partial: Buffer = NO_BYTES;
  private held = 0;
  /** Length of the frame in {@link partial}; 0 while it is not known. */
  private length = 0;
  /** Octets of a frame over the limit that are still to come. */
  private skip = 0;

  /**
   * @param maxBytes longest frame that is handed out
   * @param budget memory that it shares with other readers; a reader that needs more throws
   */
  constructor(
    wire: Wire<F>,
    sink: FrameSink<F>,
    maxBytes: number,
    budget: PartialBudget = processBudget,
  ) {
    this.budget = budget;
    this.wire = wire;
    this.sink = sink;
    this.maxBytes = maxBytes;
    this.frame = wire.createFrame();
  }

  /** Octets of an incomplete frame that are kept. */
  get heldBytes(): number {
    return this.held;
  }

  /**
   * Reads what has arrived. The bytes may be overwritten afterwards.
   *
   * @throws CodecError when the peer does not speak the protocol; the reader must not be used again
   */
  feed(buffer: Buffer, start: number, end: number): void {
    let at = start;
    if (this.skip > 0) at = this.skipOver(at, end);
    if (this.held > 0) at = this.resume(buffer, at, end);
    while (at < end && !this.sink.closed) at = this.next(buffer, at, end);
  }

  /** Lets go of what is incomplete. */
  close(): void {
    this.forget();
  }

  /** Handles one frame, or keeps the part of it that is there; returns the offset after it. */
  private next(buffer: Buffer, at: number, end: number): number {
    const length = this.wire.measure(buffer, at, end);
    if (length > this.maxBytes && end - at >= this.wire.headBytes) {
      return this.refuse(buffer, at, end, length);
    }
    if (length > 0 && length <= end - at) {
      this.deliver(buffer, at, at + length, false);
      return at + length;
    }
    this.length = length > this.maxBytes ? 0 : length;
    this.keep(buffer, at, end);
    return end;
  }

  /** Goes on with a frame whose first part is kept; returns the offset after what was used. */
  private resume(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (this.length === 0 && at < end) {
      at = this.keepUpTo(this.wire.headBytes, buffer, at, end);
      this.length = this.wire.measure(this.partial, 0, this.held);
      if (this.length > this.maxBytes) {
        if (this.held < this.wire.headBytes) this.length = 0;
        else return this.refusePartial(at, end);
      }
      // A frame may be shorter than the longest head: what was taken too much belongs to the next.
      if (this.length > 0 && this.held > this.length) return this.finish(at - this.giveBack());
    }
    if (this.length === 0) return at;
    at = this.keepUpTo(this.length, buffer, at, end);
    return this.held === this.length ? this.finish(at) : at;
  }

  private giveBack(): number {
    const surplus = this.held - this.length;
    this.held = this.length;
    return surplus;
  }

  private finish(at: number): number {
    const { partial, length } = this;
    this.forget();
    this.deliver(partial, 0, length, true);
    return at;
  }

  private deliver(buffer: Buffer, start: number, end: number, owned: boolean): void {
    this.wire.read(this.frame, buffer, start, end);
    this.frame.owned = owned;
    this.sink.onFrame(this.frame);
  }

  private keepUpTo(total: number, buffer: Buffer, at: number, end: number): number {
    const stop = Math.min(end, at + total - this.held);
    if (stop > at) this.keep(buffer, at, stop);
    return Math.max(at, stop);
  }

  private keep(buffer: Buffer, start: number, end: number): void {
    const wanted = this.held + end - start;
    if (wanted > this.partial.length) this.grow(wanted);
    buffer.copy(this.partial, this.held, start, end);
    this.held = wanted;
  }

  private grow(wanted: number): void {
    const doubled = Math.max(2 * wanted, FIRST_BYTES);
    const size = this.length > 0 ? Math.min(this.length, doubled) : this.wire.headBytes;
    const larger = this.allocate(Math.max(wanted, size));
    this.partial.copy(larger, 0, 0, this.held);
    this.partial = larger;
  }

  private allocate(bytes: number): Buffer {
    if (!this.budget.take(this.partial.length, bytes)) {
      throw new CodecError(
        `Cannot collect a frame: incomplete ones hold ${this.budget.bytes} octets already`,
      );
    }
    return Buffer.allocUnsafeSlow(bytes);
  }

  private refuse(buffer: Buffer, at: number, end: number, length: number): number {
    this.wire.readHead(this.frame, buffer, at);
    this.frame.owned = false;
    this.skip = length;
    const next = this.skipOver(at, end);
    this.sink.onOversize(this.frame, length);
    return next;
  }

  private refusePartial(at: number, end: number): number {
    const { partial, length, held } = this;
    this.forget();
    this.wire.readHead(this.frame, partial, 0);
    this.frame.owned = true;
    this.skip = length - held;
    const next = this.skipOver(at, end);
    this.sink.onOversize(this.frame, length);
    return next;
  }

  private skipOver(at: number, end: number): number {
    const step = Math.min(this.skip, end - at);
    this.skip -= step;
    return at + step;
  }

  private forget(): void {
    this.budget.give(this.partial.length);
    this.partial = NO_BYTES;
    this.held = 0;
    this.length = 0;
  }
}
