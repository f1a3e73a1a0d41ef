const M = 0x5bd1e995;
const SEED = 0x9747b28c;

/** MurmurHash2 of the key's bytes, as Kafka's Java client has it, so that both put a key into the same partition. */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  let h = SEED ^ length;
  let at = 0;
  for (; length - at >= 4; at += 4) {
    let k =
      byte(data, at) |
      (byte(data, at + 1) << 8) |
      (byte(data, at + 2) << 16) |
      (byte(data, at + 3) << 24);
    k = Math.imul(k, M);
    k = Math.imul(k ^ (k >>> 24), M);
    h = Math.imul(h, M) ^ k;
  }
  const left = length - at;
  if (left >= 3) h ^= byte(data, at + 2) << 16;
  if (left >= 2) h ^= byte(data, at + 1) << 8;
  if (left >= 1) h = Math.imul(h ^ byte(data, at), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return (h ^ (h >>> 15)) | 0;
}

/** The partition of a key, as Kafka's Java client chooses it. */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

function byte(data: Uint8Array, at: number): number {
  return data[at] ?? 0;
}
