import type { Host } from "../cluster/host.ts";

/** Indexes of hosts, in as little memory as will do. */
export type Slots = Uint16Array | Uint32Array;

/** Maps hashes to hosts. From the slot of a hash the walk goes on to further slots while hosts are unfit or tried. */
export interface HashTable {
  readonly hosts: readonly Host[];
  /** Index in {@link hosts}, by slot. */
  readonly slots: Slots;
  /** First slot of a hash. */
  slotOf(hash: number): number;
}

/** Room for the slots of a table. */
export function allocateSlots(size: number, hosts: number): Slots {
  return hosts <= 2 ** 16 ? new Uint16Array(size) : new Uint32Array(size);
}

/** Builds a table piece by piece: yields at least every half millisecond. */
export type TableBuilder = (hosts: readonly Host[]) => Generator<void, HashTable>;

/** Steps of an inner loop between two yields of a builder: well below half a millisecond. */
export const STEPS_PER_YIELD = 8192;
