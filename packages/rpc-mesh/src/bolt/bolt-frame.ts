import { crc32 } from "node:zlib";
import { CodecError } from "../multiplex/codec-error.ts";
import { FrameKind, type Frame } from "../multiplex/wire.ts";
import {
  BoltCommand,
  BoltType,
  CRC_BYTES,
  SWITCH_CRC,
  V1,
  V1_REQUEST_HEAD,
  V1_RESPONSE_HEAD,
  V2,
  V2_REQUEST_HEAD,
  V2_RESPONSE_HEAD,
} from "./constants.ts";

/** One bolt frame, of either version, within a buffer. */
export class BoltFrame implements Frame {
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  owned = false;
  kind: FrameKind = FrameKind.OTHER;
  id = 0;
  readonly idHigh = 0;
  /** 1 or 2: the first octet. */
  version = V1;
  /** Second octet of v2. */
  ver1 = V1;
  type: number = BoltType.REQUEST;
  command: number = BoltCommand.REQUEST;
  codec = 0;
  /** Switches of v2; 0 in v1. */
  switches = 0;
  /** Requests: ms, -1 for none. */
  timeoutMs = -1;
  /** Responses. */
  status = 0;
  /** Where the class name begins. */
  classAt = 0;
  /** Where the header block begins: the end of the class name. */
  headersAt = 0;
  /** Where the content begins: the end of the header block. */
  contentAt = 0;
  /** End of the content; a checksum may follow. */
  contentEnd = 0;

  /** Offset of the request id within the frame. */
  get idOffset(): number {
    return this.version === V1 ? 5 : 6;
  }

  /** A frame of its own over the same bytes; they are copied unless they belong to this frame. */
  keep(): BoltFrame {
    const kept = new BoltFrame();
    const { start, end } = this;
    if (this.owned) {
      readBoltHead(kept, this.buffer, start);
    } else {
      const bytes = Buffer.allocUnsafe(end - start);
      this.buffer.copy(bytes, 0, start, end);
      readBoltHead(kept, bytes, 0);
    }
    kept.end = kept.start + end - start;
    kept.owned = true;
    return kept;
  }

  /** Whether a checksum follows the content. */
  get checked(): boolean {
    return this.version === V2 && this.ver1 === V2 && (this.switches & SWITCH_CRC) !== 0;
  }
}

/** Octets of the longest head. */
export const HEAD_BYTES = V2_REQUEST_HEAD;

/**
 * Returns the length of the bolt frame that begins at `start`, 0 when that cannot be told yet.
 *
 * @throws CodecError when it is no bolt frame
 */
export function measureBolt(buffer: Buffer, start: number, end: number): number {
  const there = end - start;
  const version = buffer[start];
  if (version !== V1 && version !== V2)
    throw new CodecError(`Cannot read a bolt frame: its first octet is ${version}`);
  const typeAt = start + version;
  if (typeAt >= end) return 0;
  const type = buffer[typeAt] ?? 0;
  if (type > BoltType.ONEWAY) throw new CodecError(`Cannot read a bolt frame: its type is ${type}`);
  const head = headBytes(version, type);
  if (there < head) return 0;
  const lengthsAt = start + head - 8;
  const length =
    head +
    buffer.readUInt16BE(lengthsAt) +
    buffer.readUInt16BE(lengthsAt + 2) +
    buffer.readUInt32BE(lengthsAt + 4);
  if (version === V1) return length;
  const checked = buffer[start + 1] === V2 && ((buffer[start + 11] ?? 0) & SWITCH_CRC) !== 0;
  return checked ? length + CRC_BYTES : length;
}

/**
 * Fills `frame` from a whole frame.
 *
 * @throws CodecError when the checksum is wrong
 */
export function readBolt(frame: BoltFrame, buffer: Buffer, start: number, end: number): void {
  readBoltHead(frame, buffer, start);
  frame.end = end;
  if (!frame.checked) return;
  const expected = buffer.readUInt32BE(end - CRC_BYTES);
  if (crc32(buffer.subarray(start, end - CRC_BYTES)) !== expected) {
    throw new CodecError("Cannot read a bolt frame: its checksum is wrong");
  }
}

/** Fills `frame` from the head of a frame that {@link measureBolt} has measured. */
export function readBoltHead(frame: BoltFrame, buffer: Buffer, start: number): void {
  frame.buffer = buffer;
  frame.start = start;
  const version = buffer[start] === V1 ? V1 : V2;
  frame.version = version;
  const base = start + version - 1; // v2 has one octet more in front of what both have
  frame.ver1 = version === V1 ? V1 : (buffer[start + 1] ?? 0);
  const type = buffer[base + 1] ?? 0;
  frame.type = type;
  frame.command = buffer.readUInt16BE(base + 2);
  frame.id = buffer.readInt32BE(base + 5);
  frame.codec = buffer[base + 9] ?? 0;
  frame.switches = version === V1 ? 0 : (buffer[start + 11] ?? 0);
  const variableAt = base + 9 + version; // v2 has the switches in between
  if (type === BoltType.RESPONSE) {
    frame.status = buffer.readUInt16BE(variableAt);
    frame.timeoutMs = -1;
  } else {
    frame.status = 0;
    frame.timeoutMs = buffer.readInt32BE(variableAt);
  }
  frame.kind = kindOf(type, frame.command);
  readLengths(frame, buffer, start + headBytes(version, type));
}

function readLengths(frame: BoltFrame, buffer: Buffer, headEnd: number): void {
  frame.classAt = headEnd;
  frame.headersAt = headEnd + buffer.readUInt16BE(headEnd - 8);
  frame.contentAt = frame.headersAt + buffer.readUInt16BE(headEnd - 6);
  frame.contentEnd = frame.contentAt + buffer.readUInt32BE(headEnd - 4);
  frame.end = frame.contentEnd;
}

/** Octets before the class name. */
export function headBytes(version: number, type: number): number {
  if (version === V1) return type === BoltType.RESPONSE ? V1_RESPONSE_HEAD : V1_REQUEST_HEAD;
  return type === BoltType.RESPONSE ? V2_RESPONSE_HEAD : V2_REQUEST_HEAD;
}

function kindOf(type: number, command: number): FrameKind {
  if (command === BoltCommand.GOAWAY) return FrameKind.DRAIN;
  if (type === BoltType.RESPONSE) {
    return command === BoltCommand.HEARTBEAT ? FrameKind.HEARTBEAT_ACK : FrameKind.RESPONSE;
  }
  if (command === BoltCommand.HEARTBEAT) return FrameKind.HEARTBEAT;
  return type === BoltType.ONEWAY ? FrameKind.ONEWAY : FrameKind.REQUEST;
}
