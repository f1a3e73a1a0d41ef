/**
 * A value that may be kept: the same bytes when they own most of their buffer, otherwise a copy, so that a small value
 * never keeps a large received buffer alive.
 */
export function ownBytes(value: Uint8Array): Uint8Array {
  const own = value.byteLength;
  if (value.buffer.byteLength <= own + (own >> 1) + 64) return value;
  const copy = Buffer.allocUnsafeSlow(own);
  copy.set(value);
  return copy;
}
