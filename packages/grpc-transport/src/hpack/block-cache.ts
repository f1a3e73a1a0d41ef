import type { HeaderList } from "./header-list.ts";
import { copyOctets, hashOctets, sameOctets } from "./octets.ts";

const slotCount = 64;
const maxBlockBytes = 512;
const initialArenaBytes = 1024;
const maxArenaBytes = 8192;
/** So many lists are kept at first sight, more only when their block is met again. */
const keptAtOnce = 8;

/** Columns of a slot in `slots`. */
const hashColumn = 0;
const offsetColumn = 1;
const lengthColumn = 2; // 0: vacant
const candidateColumn = 3;
const columns = 4;

/**
 * Decoded lists by the octets of their block, for one generation of the dynamic table. Direct-mapped.
 *
 * A block that differs from call to call (a literal deadline) must neither push out the ones that repeat
 * nor fill the memory of an idle connection: beyond the first few, a list is only kept when its block missed
 * the slot twice in a row. The octets live in one arena that grows with its use; when it is full all is
 * forgotten.
 */
export class BlockCache {
  private readonly slots = new Int32Array(slotCount * columns);
  private readonly lists: (HeaderList | null)[] = new Array<HeaderList | null>(slotCount).fill(
    null,
  );
  private arena = new Uint8Array(initialArenaBytes);
  private used = 0;
  private kept = 0;
  private generation = 0;
  private missedHash = 0;

  /** The list kept for the block, or null; then {@link keep} may follow for the same block. */
  find(source: Uint8Array, start: number, end: number, generation: number): HeaderList | null {
    const length = end - start;
    if (length > maxBlockBytes) return null;
    if (generation !== this.generation) this.clear(generation);
    const hash = hashOctets(source, start, end);
    const slot = (hash & (slotCount - 1)) * columns;
    const slots = this.slots;
    this.missedHash = hash;
    if (slots[slot + hashColumn] !== hash || slots[slot + lengthColumn] !== length) return null;
    const offset = slots[slot + offsetColumn] ?? 0;
    if (!sameOctets(source, start, this.arena, offset, length)) return null;
    return this.lists[hash & (slotCount - 1)] ?? null;
  }

  /** Keeps a list for the block that {@link find} was called with last and did not know. */
  keep(source: Uint8Array, start: number, end: number, list: HeaderList): void {
    const length = end - start;
    if (length > maxBlockBytes || length === 0) return;
    const hash = this.missedHash;
    const slot = (hash & (slotCount - 1)) * columns;
    const slots = this.slots;
    const vacant = slots[slot + lengthColumn] === 0 && this.kept < keptAtOnce;
    if (!vacant && slots[slot + candidateColumn] !== hash) {
      slots[slot + candidateColumn] = hash;
      return;
    }
    const offset = this.reserve(length);
    copyOctets(source, start, this.arena, offset, length);
    slots[slot + hashColumn] = hash;
    slots[slot + offsetColumn] = offset;
    slots[slot + lengthColumn] = length;
    slots[slot + candidateColumn] = 0;
    this.lists[hash & (slotCount - 1)] = list;
    this.kept++;
  }

  /** Offset of `length` free octets in the arena. */
  private reserve(length: number): number {
    if (this.used + length > this.arena.length) {
      if (this.arena.length < maxArenaBytes) {
        const arena = new Uint8Array(this.arena.length * 2);
        arena.set(this.arena);
        this.arena = arena;
      } else {
        this.clear(this.generation);
      }
    }
    const offset = this.used;
    this.used += length;
    return offset;
  }

  private clear(generation: number): void {
    this.generation = generation;
    if (this.used === 0) return;
    this.used = 0;
    this.kept = 0;
    this.slots.fill(0);
    this.lists.fill(null);
  }
}
