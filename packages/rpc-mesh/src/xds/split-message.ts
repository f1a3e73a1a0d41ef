import { BinaryReader } from "@bufbuild/protobuf/wire";

/** A message cut apart. */
export interface SplitMessage {
  /** The payloads of the field that was asked for. */
  readonly parts: readonly Uint8Array[];
  /** The message without them. */
  readonly rest: Uint8Array;
}

/**
 * Takes the payloads of one length-delimited field out of a message, without reading them: large messages are then read
 * piece by piece, and pieces need not be copied.
 */
export function splitMessage(bytes: Uint8Array, field: number): SplitMessage {
  const reader = new BinaryReader(bytes);
  const parts: Uint8Array[] = [];
  const kept: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    if (number === field && wireType === 2) {
      parts.push(reader.bytes());
      continue;
    }
    reader.skip(wireType, number);
    kept.push(bytes.subarray(start, reader.pos));
  }
  return { parts, rest: Buffer.concat(kept) };
}

/** Field 1 of a message as text: the name of every resource. Empty when there is none. */
export function nameOf(bytes: Uint8Array): string {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === 2) return reader.string();
    reader.skip(wireType, number);
  }
  return "";
}
