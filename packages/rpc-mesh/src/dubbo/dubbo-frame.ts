import { CodecError } from "../multiplex/codec-error.ts";
import { FrameKind, type Frame } from "../multiplex/wire.ts";
import { DubboFlag, HEAD_BYTES, MAGIC_HIGH, MAGIC_LOW } from "./constants.ts";

/** Events longer than this are none of those that mean something to us. */
const MAX_EVENT_BYTES = 8;
const LETTER_R = 0x52;

/** One Dubbo frame within a buffer. */
export class DubboFrame implements Frame {
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  owned = false;
  kind: FrameKind = FrameKind.OTHER;
  id = 0;
  idHigh = 0;
  /** Bits of {@link DubboFlag}. */
  flags = 0;
  /** Of answers. */
  status = 0;

  /** Number of the serialization of the body; 2 is Hessian. */
  get serialization(): number {
    return this.flags & DubboFlag.SERIALIZATION;
  }

  /** Where the body begins. */
  get bodyAt(): number {
    return this.start + HEAD_BYTES;
  }

  /** A frame of its own over the same bytes; they are copied unless they belong to this frame. */
  keep(): DubboFrame {
    const kept = new DubboFrame();
    const { start, end } = this;
    if (this.owned) {
      readDubboHead(kept, this.buffer, start);
    } else {
      const bytes = Buffer.allocUnsafe(end - start);
      this.buffer.copy(bytes, 0, start, end);
      readDubboHead(kept, bytes, 0);
    }
    kept.end = kept.start + end - start;
    kept.kind = this.kind;
    kept.owned = true;
    return kept;
  }
}

/**
 * Returns the length of the frame that begins at `start`, 0 when that cannot be told yet.
 *
 * @throws CodecError when it is no Dubbo frame. Java looks for the next magic number instead; on a byte stream what comes
 * after a fault is guesswork
 */
export function measureDubbo(buffer: Buffer, start: number, end: number): number {
  if (buffer[start] !== MAGIC_HIGH || (end - start > 1 && buffer[start + 1] !== MAGIC_LOW)) {
    throw new CodecError("Cannot read a dubbo frame: it does not begin with 0xdabb");
  }
  return end - start < HEAD_BYTES ? 0 : HEAD_BYTES + buffer.readUInt32BE(start + 12);
}

/** Fills `frame` from a whole frame. */
export function readDubbo(frame: DubboFrame, buffer: Buffer, start: number, end: number): void {
  readDubboHead(frame, buffer, start);
  frame.end = end;
  if ((frame.flags & DubboFlag.EVENT) !== 0) frame.kind = eventKind(frame);
}

/** Fills `frame` from the head of a frame. */
export function readDubboHead(frame: DubboFrame, buffer: Buffer, start: number): void {
  const flags = buffer[start + 2] ?? 0;
  frame.buffer = buffer;
  frame.start = start;
  frame.flags = flags;
  frame.status = buffer[start + 3] ?? 0;
  frame.idHigh = buffer.readInt32BE(start + 4);
  frame.id = buffer.readInt32BE(start + 8);
  frame.end = start + HEAD_BYTES + buffer.readUInt32BE(start + 12);
  if ((flags & DubboFlag.EVENT) !== 0) frame.kind = FrameKind.OTHER;
  else if ((flags & DubboFlag.REQUEST) === 0) frame.kind = FrameKind.RESPONSE;
  else frame.kind = (flags & DubboFlag.TWO_WAY) === 0 ? FrameKind.ONEWAY : FrameKind.REQUEST;
}

/** Events are heartbeats (null) and texts: "R", the peer only reads from now on, whatever serialization it is said in. */
function eventKind({ flags, buffer, bodyAt, end }: DubboFrame): FrameKind {
  if ((flags & DubboFlag.REQUEST) === 0) return FrameKind.HEARTBEAT_ACK;
  const body = buffer.subarray(bodyAt, end);
  if (body.length <= MAX_EVENT_BYTES && body.includes(LETTER_R)) return FrameKind.DRAIN;
  return (flags & DubboFlag.TWO_WAY) === 0 ? FrameKind.OTHER : FrameKind.HEARTBEAT;
}
