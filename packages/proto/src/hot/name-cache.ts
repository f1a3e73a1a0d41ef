// Strings that come again and again: store names, topics, content types, metadata keys. Comparing the bytes with
// a string that exists already costs a third of making a new one, and its hash for Map look-ups is there too.

/** Longest name kept, in bytes; also bounds the memory held: 256 slots × 24 bytes. */
const maxBytes = 24;
const slots: string[] = new Array<string>(256).fill("");

/** The slot for the bytes: a hash of the length and of three bytes is enough to tell names apart. */
function slotOf(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] ?? 0;
  const middle = bytes[(start + end) >> 1] ?? 0;
  const last = bytes[end - 1] ?? 0;
  return ((end - start) * 31 + first + middle * 13 + last * 7) & 255;
}

/** Whether the text is just these bytes, all of them ASCII. */
function equals(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i] ?? 0;
    if (byte > 0x7f || text.charCodeAt(i) !== byte) return false;
  }
  return true;
}

/**
 * The string in `bytes` from `start` to `end`, taken from the cache if it is there.
 * `read` makes it when it is not.
 */
export function cachedName(
  bytes: Buffer,
  start: number,
  end: number,
  read: (bytes: Buffer, start: number, end: number) => string,
): string {
  if (end - start > maxBytes || end === start) return read(bytes, start, end);
  const slot = slotOf(bytes, start, end);
  const cached = slots[slot] ?? "";
  if (equals(cached, bytes, start, end)) return cached;
  const name = read(bytes, start, end);
  slots[slot] = name;
  return name;
}
