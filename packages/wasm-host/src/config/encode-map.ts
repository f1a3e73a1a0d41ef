/**
 * Writes texts by name as guests read them with the decoder for header maps: number of pairs, the lengths of each pair,
 * then names and values, each ended by NUL; numbers are 32 bits, little endian (proxy-wasm/spec, serialized map).
 */
export function encodeMap(map: Readonly<Record<string, string>>): Uint8Array {
  const parts = Object.entries(map)
    .flat()
    .map((text) => Buffer.from(text));
  const head = 4 + 4 * parts.length;
  const bytes = Buffer.alloc(parts.reduce((size, part) => size + part.length + 1, head));
  bytes.writeUInt32LE(parts.length / 2, 0);
  let at = head;
  for (const [i, part] of parts.entries()) {
    bytes.writeUInt32LE(part.length, 4 + 4 * i);
    part.copy(bytes, at);
    at += part.length + 1;
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
