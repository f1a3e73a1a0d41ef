/**
 * Spreads the bits of a 32-bit number: every bit of the input changes every bit of the result with a probability near
 * one half (the finalizer of MurmurHash3, public domain, A. Appleby).
 *
 * @returns 0 to 2^32 − 1
 */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32-bit hash of a text: FNV-1a over its UTF-16 units, spread by {@link mix32}. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}
