/** A buffer with the first `used` octets of `buffer` and room for `bytes`; it grows by doubling. */
export function roomFor(buffer: Buffer, used: number, bytes: number): Buffer {
  if (buffer.length >= bytes) return buffer;
  const larger = Buffer.allocUnsafe(used === 0 ? bytes : Math.max(bytes, used * 2));
  buffer.copy(larger, 0, 0, used);
  return larger;
}
