import { FRAME_HEADER_BYTES, FrameType } from "./constants.ts";

/** Writes a 32-bit unsigned number in network order. */
export function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

/** Reads a 32-bit unsigned number in network order; the bytes must be there. */
export function readUint32(source: Uint8Array, offset: number): number {
  return (
    (((source[offset] ?? 0) << 24) |
      ((source[offset + 1] ?? 0) << 16) |
      ((source[offset + 2] ?? 0) << 8) |
      (source[offset + 3] ?? 0)) >>>
    0
  );
}

/** Writes a frame header (RFC 9113 §4.1) and returns the offset after it. */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  target[offset] = length >>> 16;
  target[offset + 1] = length >>> 8;
  target[offset + 2] = length;
  target[offset + 3] = type;
  target[offset + 4] = flags;
  writeUint32(target, offset + 5, streamId);
  return offset + FRAME_HEADER_BYTES;
}

/** Writes a WINDOW_UPDATE frame (13 octets) and returns the offset after it. */
export function writeWindowUpdate(
  target: Uint8Array,
  offset: number,
  streamId: number,
  increment: number,
): number {
  const body = writeFrameHeader(target, offset, 4, FrameType.WINDOW_UPDATE, 0, streamId);
  writeUint32(target, body, increment);
  return body + 4;
}

/** Writes a RST_STREAM frame (13 octets) and returns the offset after it. */
export function writeReset(
  target: Uint8Array,
  offset: number,
  streamId: number,
  code: number,
): number {
  const body = writeFrameHeader(target, offset, 4, FrameType.RST_STREAM, 0, streamId);
  writeUint32(target, body, code);
  return body + 4;
}
