import type { Host } from "../cluster/host.ts";
import { hashText, mix32 } from "./hashing.ts";
import {
  allocateSlots,
  type HashTable,
  type Slots,
  STEPS_PER_YIELD,
  type TableBuilder,
} from "./hash-table.ts";
import { Turns } from "./turns.ts";
import { weightOf } from "./weighted-round-robin.ts";

/** Larger tables take seconds to build. The limit of Envoy. */
const MAX_TABLE_SIZE = 5_000_011;
/** Slots that each host should have at least on average, or a larger table is taken. */
const SLOTS_PER_HOST = 2;

/**
 * Maglev hashing (D. Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer, NSDI 2016, §3.4): each
 * host has a permutation of the slots, offset + i × skip modulo the size, and takes in turn the next slot of it that is
 * free, until all are taken. With different weights the k-th turn of a host of weight w comes at the time k / w.
 *
 * @param tableSize a prime; another number is raised to the next prime, as is one too small for the hosts
 */
export function maglevBuilder(tableSize: number): TableBuilder {
  return function* build(hosts) {
    const wanted = Math.max(tableSize, hosts.length * SLOTS_PER_HOST);
    const size = primeFrom(Math.min(wanted, MAX_TABLE_SIZE));
    const slots = allocateSlots(size, hosts.length);
    yield* fill(slots, hosts);
    return new MaglevTable(hosts, slots);
  };
}

class MaglevTable implements HashTable {
  readonly hosts: readonly Host[];
  readonly slots: Slots;

  constructor(hosts: readonly Host[], slots: Slots) {
    this.hosts = hosts;
    this.slots = slots;
  }

  slotOf(hash: number): number {
    return mix32(hash) % this.slots.length;
  }
}

function* fill(slots: Slots, hosts: readonly Host[]): Generator<void, void> {
  const size = slots.length;
  const hashes = Uint32Array.from(hosts, (host) => hashText(host.address));
  const skips = hashes.map((hash) => (mix32(hash ^ 0x9e3779b9) % (size - 1)) + 1);
  const next = hashes.map((hash) => hash % size);
  const taken = new Uint8Array(size);
  const turn = turnsOf(hosts);
  let steps = 0;
  for (let left = size; left > 0; left -= 1) {
    const host = turn();
    const skip = skips[host] ?? 1;
    let slot = next[host] ?? 0;
    for (; taken[slot] === 1; steps += 1) {
      slot += skip;
      if (slot >= size) slot -= size;
    }
    taken[slot] = 1;
    slots[slot] = host;
    next[host] = slot;
    steps += 1;
    if (steps < STEPS_PER_YIELD) continue;
    steps = 0;
    yield;
  }
}

/** Names the host whose turn it is, each time it is called. */
function turnsOf(hosts: readonly Host[]): () => number {
  const weights = Float64Array.from(hosts, weightOf);
  let last = -1;
  if (weights.every((weight) => weight === weights[0])) {
    return () => (last = last + 1 === weights.length ? 0 : last + 1);
  }
  const counts = new Uint32Array(weights.length).fill(1);
  const ranks = Uint32Array.from(weights, (_, index) => index);
  const turns = new Turns(
    weights.map((weight) => 1 / weight),
    ranks,
  );
  return () => {
    const host = turns.first;
    const count = (counts[host] ?? 0) + 1;
    counts[host] = count;
    turns.postpone(count / (weights[host] ?? 1));
    return host;
  };
}

/** The least prime that is not below a number. */
export function primeFrom(least: number): number {
  let candidate = Math.max(2, Math.ceil(least));
  while (!isPrime(candidate)) candidate += 1;
  return candidate;
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) {
    if (value % divisor === 0) return false;
  }
  return true;
}
