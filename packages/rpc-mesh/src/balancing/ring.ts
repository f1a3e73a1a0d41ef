import type { Host } from "../cluster/host.ts";
import type { BalancerConfig } from "../model/cluster.ts";
import { hashText, mix32 } from "./hashing.ts";
import {
  allocateSlots,
  type HashTable,
  type Slots,
  STEPS_PER_YIELD,
  type TableBuilder,
} from "./hash-table.ts";
import { weightOf } from "./weighted-round-robin.ts";

/** Points that a host has on average at least, unless the ring gets too large: its share then deviates by about 1/√64. */
const POINTS_PER_HOST = 64;
/** Points between which a look-up searches, on average. */
const POINTS_PER_BUCKET = 4;
/** Golden ratio × 2^32: steps that spread evenly. */
const GOLDEN = 0x9e3779b9;

/**
 * Ring hash, or consistent hashing (D. Karger et al., STOC 1997): each host has points on a ring, in proportion to its
 * weight, and gets the hashes between the point before and its own.
 */
export function ringBuilder(
  config: Pick<BalancerConfig, "minRingSize" | "maxRingSize">,
): TableBuilder {
  return function* build(hosts) {
    const wanted = Math.max(config.minRingSize, hosts.length * POINTS_PER_HOST);
    const counts = pointsOf(hosts, Math.min(wanted, config.maxRingSize));
    const ring = new Ring(
      hosts,
      counts.reduce((sum, count) => sum + count, 0),
    );
    yield* ring.fill(counts);
    return ring;
  };
}

/** Points of each host: at least one, `total` together as nearly as rounding allows. */
function pointsOf(hosts: readonly Host[], total: number): Uint32Array {
  const sum = hosts.reduce((weights, host) => weights + weightOf(host), 0);
  return Uint32Array.from(hosts, (host) => Math.max(1, Math.round((total * weightOf(host)) / sum)));
}

/** Points in the order of their hashes, with an index by the leading bits of the hash: a look-up needs no search. */
class Ring implements HashTable {
  readonly hosts: readonly Host[];
  readonly slots: Slots;
  readonly #hashes: Uint32Array;
  /** First slot of each bucket of hashes, and the end. */
  readonly #starts: Uint32Array;
  readonly #shift: number;

  constructor(hosts: readonly Host[], size: number) {
    const bits = Math.max(1, Math.ceil(Math.log2(size / POINTS_PER_BUCKET)));
    this.hosts = hosts;
    this.slots = allocateSlots(size, hosts.length);
    this.#hashes = new Uint32Array(size);
    this.#starts = new Uint32Array(2 ** bits + 1);
    this.#shift = 32 - bits;
  }

  slotOf(hash: number): number {
    const bucket = hash >>> this.#shift;
    const end = this.#starts[bucket + 1] ?? 0;
    let slot = this.#starts[bucket] ?? 0;
    while (slot < end && (this.#hashes[slot] ?? 0) < hash >>> 0) slot += 1;
    return slot < this.slots.length ? slot : 0;
  }

  /** Sorts the points by hash: counts them by bucket, then inserts each into its bucket. */
  *fill(counts: Uint32Array): Generator<void, void> {
    const points = new Uint32Array(this.slots.length);
    yield* this.#place(counts, points);
    const ends = this.#starts.slice();
    let slot = 0;
    for (let host = 0; host < counts.length; host += 1) {
      for (let i = counts[host] ?? 0; i > 0; i -= 1, slot += 1) {
        const hash = points[slot] ?? 0;
        const bucket = hash >>> this.#shift;
        this.#insert(this.#starts[bucket] ?? 0, ends[bucket] ?? 0, host, hash);
        ends[bucket] = (ends[bucket] ?? 0) + 1;
        if (slot % STEPS_PER_YIELD === 0) yield;
      }
    }
  }

  /** Makes the hashes of the points, and finds where each bucket starts. */
  *#place(counts: Uint32Array, points: Uint32Array): Generator<void, void> {
    const starts = this.#starts;
    let slot = 0;
    for (let host = 0; host < counts.length; host += 1) {
      let seed = hashText(this.hosts[host]?.address ?? "");
      for (let i = counts[host] ?? 0; i > 0; i -= 1, slot += 1) {
        seed = (seed + GOLDEN) >>> 0;
        const hash = mix32(seed);
        points[slot] = hash;
        const after = (hash >>> this.#shift) + 1;
        starts[after] = (starts[after] ?? 0) + 1;
        if (slot % STEPS_PER_YIELD === 0) yield;
      }
    }
    for (let i = 1; i < starts.length; i += 1) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  }

  /** Into a sorted bucket that ends at `end`. */
  #insert(start: number, end: number, host: number, hash: number): void {
    let slot = end;
    for (; slot > start && (this.#hashes[slot - 1] ?? 0) > hash; slot -= 1) {
      this.#hashes[slot] = this.#hashes[slot - 1] ?? 0;
      this.slots[slot] = this.slots[slot - 1] ?? 0;
    }
    this.#hashes[slot] = hash;
    this.slots[slot] = host;
  }
}
