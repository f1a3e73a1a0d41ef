import { WasmStatus } from "../model/host-calls.ts";
import type { FlatHeaders } from "../model/streams.ts";
import { headerName, headerText } from "./header-syntax.ts";
import { refusal } from "./refusal.ts";

/** Header lines that a guest may set in one map. */
export const maxHeaderLines = 1024;
/** Octets of names and values that a guest may set in one map. */
export const maxHeaderBytes = 256 * 1024;

/**
 * The serialized form of a header map (proxy-wasm/spec v0.2.1, "Serialization"): u32 count, then the lengths of name and
 * value for each line, then names and values, each with a NUL after it; all numbers little endian. An empty map is
 * an empty value.
 */
export function encodeHeaders(headers: FlatHeaders): Uint8Array {
  if (headers.length === 0) return new Uint8Array(0);
  let size = 4 + headers.length * 5;
  for (const text of headers) size += text.length;
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeUInt32LE(headers.length >>> 1, 0);
  let at = 4 + headers.length * 4;
  for (const [index, text] of headers.entries()) {
    bytes.writeUInt32LE(text.length, 4 + index * 4);
    at += bytes.write(text, at, "latin1");
    bytes[at] = 0;
    at += 1;
  }
  return bytes;
}

/**
 * Reads a serialized header map. Empty input is an empty map. Names are made lower case.
 *
 * @throws Refusal PARSE_FAILURE: lengths do not fit the input; BAD_ARGUMENT: more than a guest may set, or
 *   not what a header may be
 */
export function decodeHeaders(bytes: Uint8Array): string[] {
  // An empty map may also be one NUL.
  if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === 0)) return [];
  if (bytes.length < 4) throw refusal(WasmStatus.PARSE_FAILURE);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const lines = buffer.readUInt32LE(0);
  // Each line needs 10 octets at least: a count that cannot be true is found before anything is made of it.
  if (lines * 10 + 4 > bytes.length) throw refusal(WasmStatus.PARSE_FAILURE);
  if (lines > maxHeaderLines || bytes.length > maxHeaderBytes)
    throw refusal(WasmStatus.BAD_ARGUMENT);
  const texts: string[] = [];
  let at = 4 + lines * 8;
  for (let index = 0; index < lines * 2; index += 1) {
    const end = at + buffer.readUInt32LE(4 + index * 4);
    if (end >= bytes.length) throw refusal(WasmStatus.PARSE_FAILURE);
    const text = buffer.toString("latin1", at, end);
    texts.push(index % 2 === 0 ? headerName(text) : headerText(text));
    at = end + 1;
  }
  return texts;
}
