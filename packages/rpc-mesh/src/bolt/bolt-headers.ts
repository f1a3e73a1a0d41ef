import { CodecError } from "../multiplex/codec-error.ts";
import { MAX_SHORT } from "./constants.ts";

/** A pair of the header block; null stands for what Java calls null. */
export type BoltHeader = readonly [name: string, value: string | null];

/**
 * Reads a header block: i32 length, name, i32 length, value, and so on; -1 is null.
 *
 * @throws CodecError when a length does not fit the block
 */
export function readHeaders(buffer: Buffer, start: number, end: number): BoltHeader[] {
  const headers: BoltHeader[] = [];
  let at = start;
  while (at < end) {
    const nameEnd = textEnd(buffer, at, end);
    const valueEnd = textEnd(buffer, nameEnd, end);
    // A pair without a name is legal and means nothing.
    if (buffer.readInt32BE(at) >= 0) {
      headers.push([buffer.toString("utf8", at + 4, nameEnd), textAt(buffer, nameEnd, valueEnd)]);
    }
    at = valueEnd;
  }
  return headers;
}

/**
 * Finds a value by its name in lower case, however the peer wrote it, without decoding the others. The last one wins, as
 * in the maps of the peers.
 *
 * @throws CodecError when a length does not fit the block
 */
export function findHeader(
  buffer: Buffer,
  start: number,
  end: number,
  name: string,
): string | undefined {
  let found: string | undefined;
  let at = start;
  while (at < end) {
    const nameEnd = textEnd(buffer, at, end);
    const valueEnd = textEnd(buffer, nameEnd, end);
    if (isName(buffer, at + 4, nameEnd, name))
      found = textAt(buffer, nameEnd, valueEnd) ?? undefined;
    at = valueEnd;
  }
  return found;
}

/** Returns the octets that {@link writeHeaders} needs. */
export function headersLength(headers: readonly BoltHeader[]): number {
  let length = 0;
  for (const [name, value] of headers) {
    length += 8 + Buffer.byteLength(name) + (value === null ? 0 : Buffer.byteLength(value));
  }
  if (length > MAX_SHORT)
    throw new CodecError(
      `Cannot write the bolt headers: ${length} octets, at most ${MAX_SHORT} can be told`,
    );
  return length;
}

/** Writes a header block; returns the offset after it. */
export function writeHeaders(
  target: Buffer,
  offset: number,
  headers: readonly BoltHeader[],
): number {
  let at = offset;
  for (const [name, value] of headers) {
    at = writeText(target, at, name);
    at = writeText(target, at, value);
  }
  return at;
}

function writeText(target: Buffer, at: number, text: string | null): number {
  if (text === null) return target.writeInt32BE(-1, at);
  const length = target.write(text, at + 4);
  target.writeInt32BE(length, at);
  return at + 4 + length;
}

/** End of the text whose length stands at `at`. */
function textEnd(buffer: Buffer, at: number, end: number): number {
  if (end - at < 4) throw new CodecError("Cannot read the bolt headers: a length is cut off");
  const length = buffer.readInt32BE(at);
  if (length === -1) return at + 4;
  if (length < 0 || length > end - at - 4) {
    throw new CodecError(
      `Cannot read the bolt headers: a text of ${length} octets where ${end - at - 4} are left`,
    );
  }
  return at + 4 + length;
}

function textAt(buffer: Buffer, at: number, end: number): string | null {
  return buffer.readInt32BE(at) === -1 ? null : buffer.toString("utf8", at + 4, end);
}

function isName(buffer: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false; // names beyond ASCII are found by no lower-case name of ours
  for (let i = 0; i < name.length; i += 1) {
    const octet = buffer[start + i] ?? 0;
    const lower = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}
