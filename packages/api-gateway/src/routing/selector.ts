/**
 * Reads one string field of a protobuf message without decoding the rest.
 *
 * Source of the format: https://protobuf.dev/programming-guides/encoding/
 */

/** Groups may nest this deep; protobuf parsers use the same bound. */
const maxGroupDepth = 100;

/** Where the scanner stands. One object per scan; `end` narrows while a submessage is read. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  /** Span of the last occurrence of the field; -1 when there was none. */
  from: number;
  to: number;
}

/**
 * Finds the value of the string field at `fieldPath`.
 * As in protobuf the last occurrence wins, repeated occurrences of a submessage are merged, and an absent field is `""`.
 *
 * @param bytes one encoded message
 * @param fieldPath field numbers from the message down to the string field
 * @returns the value, or `undefined` when the bytes are no valid message as far as they had to be read
 */
export function selectString(bytes: Uint8Array, fieldPath: readonly number[]): string | undefined {
  const cursor: Cursor = { bytes, at: 0, from: -1, to: -1 };
  if (!scanMessage(cursor, bytes.length, fieldPath, 0)) return undefined;
  if (cursor.from < 0) return "";
  return Buffer.from(
    bytes.buffer,
    bytes.byteOffset + cursor.from,
    cursor.to - cursor.from,
  ).toString("utf8");
}

function scanMessage(cursor: Cursor, end: number, path: readonly number[], depth: number): boolean {
  while (cursor.at < end) {
    const tag = readVarint(cursor, end);
    const field = Math.floor(tag / 8);
    if (tag < 0 || field === 0 || field > 0x1fffffff) return false;
    const isWanted = field === path[depth] && tag % 8 === 2;
    if (!(isWanted ? scanWanted(cursor, end, path, depth) : skip(cursor, end, tag, 0)))
      return false;
  }
  return cursor.at === end;
}

function scanWanted(cursor: Cursor, end: number, path: readonly number[], depth: number): boolean {
  const length = readVarint(cursor, end);
  const last = cursor.at + length;
  if (length < 0 || last > end) return false;
  if (depth < path.length - 1) return scanMessage(cursor, last, path, depth + 1);
  cursor.from = cursor.at;
  cursor.to = last;
  cursor.at = last;
  return true;
}

function skip(cursor: Cursor, end: number, tag: number, depth: number): boolean {
  switch (tag % 8) {
    case 0:
      return readVarint(cursor, end) !== -1;
    case 1:
      return advance(cursor, end, 8);
    case 2: {
      const length = readVarint(cursor, end);
      return length >= 0 && advance(cursor, end, length);
    }
    case 3:
      return skipGroup(cursor, end, Math.floor(tag / 8), depth + 1);
    case 5:
      return advance(cursor, end, 4);
    default:
      return false;
  }
}

function skipGroup(cursor: Cursor, end: number, group: number, depth: number): boolean {
  if (depth > maxGroupDepth) return false;
  while (cursor.at < end) {
    const tag = readVarint(cursor, end);
    const field = Math.floor(tag / 8);
    if (tag < 0 || field === 0 || field > 0x1fffffff) return false;
    if (tag % 8 === 4) return field === group;
    if (!skip(cursor, end, tag, depth)) return false;
  }
  return false;
}

function advance(cursor: Cursor, end: number, count: number): boolean {
  cursor.at += count;
  return cursor.at <= end;
}

/** Returns the value (a float above 2^53, where only its size matters), or -1 when it does not end in time. */
function readVarint(cursor: Cursor, end: number): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10 && cursor.at < end; i += 1) {
    const byte = cursor.bytes[cursor.at] ?? 0;
    cursor.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  return -1;
}
