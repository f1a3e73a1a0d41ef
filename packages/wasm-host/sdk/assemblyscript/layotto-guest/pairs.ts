// Header maps as they cross the border: u32 count, count × (u32 name size, u32 value size), then name NUL value NUL …

import { at } from "./memory";

/** One header line, or one key of a secret. */
export class Pair {
  constructor(
    readonly name: string,
    readonly value: string,
  ) {}
}

export function encodePairs(pairs: Pair[]): ArrayBuffer {
  const parts = new Array<ArrayBuffer>();
  let size = 4;
  for (let i = 0; i < pairs.length; i++) {
    const name = String.UTF8.encode(pairs[i].name, true);
    const value = String.UTF8.encode(pairs[i].value, true);
    parts.push(name);
    parts.push(value);
    size += 8 + name.byteLength + value.byteLength;
  }
  const result = new ArrayBuffer(size);
  store<u32>(at(result), pairs.length);
  let position = at(result) + 4 + 8 * pairs.length;
  for (let i = 0; i < parts.length; i++) {
    // Each part ends with the NUL, which its size leaves out.
    store<u32>(at(result) + 4 + 4 * i, parts[i].byteLength - 1);
    memory.copy(position, at(parts[i]), parts[i].byteLength);
    position += parts[i].byteLength;
  }
  return result;
}

export function decodePairs(bytes: ArrayBuffer): Pair[] {
  const pairs = new Array<Pair>();
  if (bytes.byteLength < 4) return pairs;
  const count = load<u32>(at(bytes));
  const end = <u64>bytes.byteLength;
  let position: u64 = 4 + 8 * <u64>count;
  for (let i: u32 = 0; i < count && position <= end; i++) {
    const nameSize = load<u32>(at(bytes) + 4 + 8 * i);
    const valueSize = load<u32>(at(bytes) + 8 + 8 * i);
    const next = position + nameSize + valueSize + 2;
    if (next > end) break;
    const name = String.UTF8.decodeUnsafe(at(bytes) + <usize>position, nameSize);
    const start = at(bytes) + <usize>position + nameSize + 1;
    pairs.push(new Pair(name, String.UTF8.decodeUnsafe(start, valueSize)));
    position = next;
  }
  return pairs;
}
