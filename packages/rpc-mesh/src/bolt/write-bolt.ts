import { crc32 } from "node:zlib";
import type { Output } from "@layotto/grpc-transport/socket";
import { CodecError } from "../multiplex/codec-error.ts";
import { headBytes, type BoltFrame } from "./bolt-frame.ts";
import { headersLength, writeHeaders, type BoltHeader } from "./bolt-headers.ts";
import {
  BoltCodec,
  BoltCommand,
  BoltType,
  CRC_BYTES,
  MAX_SHORT,
  SWITCH_CRC,
  V1,
  V2,
} from "./constants.ts";

/** What a bolt frame says, to be written. */
export interface BoltMessage {
  readonly version: number;
  readonly type: number;
  readonly command: number;
  readonly id: number;
  readonly codec: number;
  /** Version 2: with a checksum. */
  readonly checked: boolean;
  /** Requests: the timeout in ms; responses: the status. */
  readonly variable: number;
  /** ASCII. */
  readonly className: string | Uint8Array;
  /** Pairs, or a block as it came. */
  readonly headers: readonly BoltHeader[] | Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Writes a frame into memory of its own.
 *
 * @throws CodecError when class name or headers are longer than the protocol can tell
 */
export function encodeBolt(message: BoltMessage): Buffer {
  const { version, type, className, headers, content } = message;
  const classLength =
    typeof className === "string" ? Buffer.byteLength(className) : className.length;
  // One that came from a peer goes on as it is, like a header block: its length fits.
  if (typeof className === "string" && classLength > MAX_SHORT)
    throw new CodecError(`Cannot write a bolt frame: its class has ${classLength} octets`);
  const pairs = headers instanceof Uint8Array ? undefined : headers;
  const headersBytes = pairs === undefined ? (headers as Uint8Array).length : headersLength(pairs);
  const head = headBytes(version, type);
  const end = head + classLength + headersBytes + content.length;
  const frame = Buffer.allocUnsafe(message.checked ? end + CRC_BYTES : end);
  writeHead(frame, 0, message);
  frame.writeUInt16BE(classLength, head - 8);
  frame.writeUInt16BE(headersBytes, head - 6);
  frame.writeUInt32BE(content.length, head - 4);
  if (typeof className === "string") frame.write(className, head);
  else frame.set(className, head);
  if (pairs !== undefined) writeHeaders(frame, head + classLength, pairs);
  else frame.set(headers as Uint8Array, head + classLength);
  frame.set(content, head + classLength + headersBytes);
  if (message.checked) writeCrc(frame, 0, end);
  return frame;
}

function writeHead(frame: Buffer, start: number, message: BoltMessage): void {
  const { version } = message;
  frame[start] = version;
  const base = start + version - 1;
  if (version === V2) frame[start + 1] = message.checked ? V2 : V1;
  frame[base + 1] = message.type;
  frame.writeUInt16BE(message.command, base + 2);
  frame[base + 4] = 1;
  frame.writeInt32BE(message.id, base + 5);
  frame[base + 9] = message.codec;
  if (version === V2) frame[start + 11] = message.checked ? SWITCH_CRC : 0;
  if (message.type === BoltType.RESPONSE) frame.writeUInt16BE(message.variable, base + 9 + version);
  else frame.writeInt32BE(message.variable, base + 9 + version);
}

function writeCrc(target: Buffer, start: number, end: number): void {
  target.writeUInt32BE(crc32(target.subarray(start, end)), end);
}

/** Sends a frame under another request id: one copy into the output, where the id is put in. Returns the octets. */
export function forwardBolt(output: Output, frame: BoltFrame, id: number): number {
  const { start, end } = frame;
  const length = end - start;
  output.reserve(length);
  const { buffer, position } = output;
  frame.buffer.copy(buffer, position, start, end);
  buffer.writeInt32BE(id, position + frame.idOffset);
  if (frame.checked) writeCrc(buffer, position, position + length - CRC_BYTES);
  output.position = position + length;
  return length;
}

const NOTHING = Buffer.alloc(0);

/** A frame without class, headers and content: heartbeats and GOAWAY. */
export function emptyFrame(
  version: number,
  type: number,
  command: number,
  id: number,
  variable: number,
): Buffer {
  return encodeBolt({
    version, type, command, id, variable,
    codec: BoltCodec.HESSIAN2, checked: false, className: NOTHING, headers: NOTHING, content: NOTHING,
  }); // prettier-ignore
}

/** The answer to a heartbeat: same id, version and checksum. */
export function heartbeatAck(heartbeat: BoltFrame): Buffer {
  return encodeBolt({
    version: heartbeat.version,
    type: BoltType.RESPONSE,
    command: BoltCommand.HEARTBEAT,
    id: heartbeat.id,
    codec: heartbeat.codec,
    checked: heartbeat.checked,
    variable: 0,
    className: NOTHING,
    headers: NOTHING,
    content: NOTHING,
  });
}
