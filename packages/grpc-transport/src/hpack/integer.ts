/** Most octets that {@link writeInteger} writes: the prefix and five continuation octets. */
export const maxIntegerOctets = 6;

/**
 * Writes an integer (RFC 7541 §5.1) and returns the offset behind it.
 *
 * @param pattern the bits above the prefix, e.g. 0x80 for an indexed field
 * @param prefixMax 2^N - 1 for a prefix of N bits
 */
export function writeInteger(
  target: Uint8Array,
  offset: number,
  pattern: number,
  prefixMax: number,
  value: number,
): number {
  if (value < prefixMax) {
    target[offset] = pattern | value;
    return offset + 1;
  }
  target[offset++] = pattern | prefixMax;
  let rest = value - prefixMax;
  while (rest >= 0x80) {
    target[offset++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[offset] = rest;
  return offset + 1;
}
