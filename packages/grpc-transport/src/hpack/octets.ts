/** Returns the octet at an index that the caller knows to be inside of `source`. */
export function octetAt(source: Uint8Array, index: number): number {
  // The index is in range by contract; a fallback value would cost a branch for each octet of each header.
  return source[index] as number;
}

/** Hashes `source[start, end)`. Collisions cost time, never correctness: users compare the octets too. */
export function hashOctets(source: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    const word =
      octetAt(source, at) |
      (octetAt(source, at + 1) << 8) |
      (octetAt(source, at + 2) << 16) |
      (octetAt(source, at + 3) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ octetAt(source, at), 0x01000193);
  return hash ^ (hash >>> 13);
}

/** Whether `left[leftStart, leftStart + length)` equals `right[rightStart, rightStart + length)`. */
export function sameOctets(
  left: Uint8Array,
  leftStart: number,
  right: Uint8Array,
  rightStart: number,
  length: number,
): boolean {
  let i = 0;
  for (const last = length - 3; i < last; i += 4) {
    const difference =
      (octetAt(left, leftStart + i) ^ octetAt(right, rightStart + i)) |
      (octetAt(left, leftStart + i + 1) ^ octetAt(right, rightStart + i + 1)) |
      (octetAt(left, leftStart + i + 2) ^ octetAt(right, rightStart + i + 2)) |
      (octetAt(left, leftStart + i + 3) ^ octetAt(right, rightStart + i + 3));
    if (difference !== 0) return false;
  }
  for (; i < length; i++) {
    if (octetAt(left, leftStart + i) !== octetAt(right, rightStart + i)) return false;
  }
  return true;
}

/** Copies short runs; a call of `TypedArray.prototype.set` costs more than the loop up to about 64 octets. */
export function copyOctets(
  from: Uint8Array,
  fromStart: number,
  to: Uint8Array,
  toStart: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) to[toStart + i] = octetAt(from, fromStart + i);
}
