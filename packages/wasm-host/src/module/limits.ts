import { tableGrowth } from "./instance-heap.ts";
import type { ParsedModule, Sized } from "./parsed-module.ts";
import { refuse } from "./refuse.ts";
import { mostPages, pageBytes } from "./size-limits.ts";
import { Writer } from "./writer.ts";

/** What a module is held to. */
export interface ModuleLimits {
  /** Of its linear memory, octets; whole pages of 64 KiB count. */
  readonly memoryBytes: number;
  /** Elements of each of its tables. */
  readonly tableElements: number;
  /** Of its file, octets. */
  readonly moduleBytes: number;
  /** Instructions that it may execute before it traps, unless its counter is set anew; 0: not counted. */
  readonly fuel: number;
}

/** Octets of a module that are replaced. */
export interface Patch {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** @throws WasmError `MODULE_TOO_LARGE` */
export function checkSize(bytes: Uint8Array, limits: ModuleLimits): void {
  if (bytes.length <= limits.moduleBytes) return;
  refuse(
    "MODULE_TOO_LARGE",
    `the module has ${bytes.length} octets, ${limits.moduleBytes} are allowed; build it smaller (optimized, stripped)`,
  );
}

/**
 * What must be written anew so that memory and tables, imported ones too, cannot grow beyond their limits.
 *
 * @throws WasmError `MEMORY_ABOVE_LIMIT`, `TABLE_ABOVE_LIMIT` when one begins above it; see also `tableGrowth`
 */
export function limitPatches(module: ParsedModule, limits: ModuleLimits): Patch[] {
  const pages = Math.min(mostPages, Math.floor(limits.memoryBytes / pageBytes));
  for (const { limits: own } of module.memories) {
    if (own.initial > pages) refuseMemory(own.initial, pages);
  }
  for (const { limits: own } of module.tables) {
    if (own.initial > limits.tableElements) refuseTable(own.initial, limits.tableElements);
  }
  const growth = tableGrowth(module, limits.tableElements);
  return [
    ...module.memories.flatMap((memory) => patch(memory, pages)),
    ...module.tables.flatMap((table) => patch(table, tableMost(table, growth, limits))),
  ].toSorted((a, b) => a.start - b.start);
}

function tableMost({ imported, limits }: Sized, growth: number, { tableElements }: ModuleLimits): number {
  return imported ? tableElements : Math.min(tableElements, limits.initial + growth);
} // prettier-ignore

function patch({ limits }: Sized, most: number): Patch[] {
  const { initial, maximum, start, end } = limits;
  if (maximum !== undefined && maximum <= most) return [];
  const out = new Writer(16);
  out.u8(1);
  out.u32(initial);
  out.u32(most);
  return [{ start, end, bytes: out.view() }];
}

function refuseMemory(initial: number, most: number): never {
  refuse(
    "MEMORY_ABOVE_LIMIT",
    `the module's memory begins with ${mebibytes(initial)}, ${mebibytes(most)} are allowed; raise its limit (\`mem\`), or build it with less memory`,
  );
}

function refuseTable(initial: number, most: number): never {
  refuse(
    "TABLE_ABOVE_LIMIT",
    `a table of the module begins with ${initial} elements, ${most} are allowed; build it with smaller tables`,
  );
}

/** E.g. `64 MiB`, `1.06 MiB`. */
function mebibytes(pages: number): string {
  return `${Number((pages / 16).toFixed(2))} MiB (${pages} pages)`;
}
