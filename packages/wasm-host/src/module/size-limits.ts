import type { Reader } from "./reader.ts";
import { refuseBroken, refuseUnsupported } from "./refuse.ts";

/** Pages that a memory with 32-bit addresses can have. */
export const mostPages = 65_536;
/** Octets of a page. */
export const pageBytes = 65_536;

/** Limits of a memory or table, and where they lie in the file. */
export interface SizeLimits {
  /** Pages or elements. */
  readonly initial: number;
  readonly maximum: number | undefined;
  /** First octet, that of the flags. */
  readonly start: number;
  /** Octet behind the last. */
  readonly end: number;
}

/** Reads limits (core specification, 5.3.8). @param what `memory` or `table` */
export function sizeLimits(reader: Reader, what: "memory" | "table"): SizeLimits {
  const start = reader.at;
  const flags = reader.u8();
  if ((flags & 4) !== 0 && flags < 16)
    refuseUnsupported(`has a ${what} with 64-bit addresses`, "build it for wasm32");
  if ((flags & 8) !== 0 && flags < 16)
    refuseUnsupported(`has a ${what} with pages of another size`, "build it with pages of 64 KiB");
  if ((flags & 2) !== 0 && flags < 16)
    refuseUnsupported(`has a shared ${what}`, "build it without threads");
  if (flags > 1) refuseBroken(start, `0x${flags.toString(16)} are no limits of a ${what}`);
  const initial = reader.u32();
  const maximum = flags === 1 ? reader.u32() : undefined;
  checkSizes(start, what, initial, maximum);
  return { initial, maximum, start, end: reader.at };
}

function checkSizes(at: number, what: string, initial: number, maximum: number | undefined): void {
  if (maximum !== undefined && maximum < initial)
    refuseBroken(at, `a ${what} begins with ${initial} and may have ${maximum} at most`);
  if (what === "memory" && Math.max(initial, maximum ?? 0) > mostPages)
    refuseBroken(at, `a memory of more than ${mostPages} pages`);
}

/** In words, e.g. `1 to 16 pages`, `at least 2 elements`. */
export function sizeText(limits: SizeLimits, unit: string): string {
  const { initial, maximum } = limits;
  return maximum === undefined ? `at least ${initial} ${unit}` : `${initial} to ${maximum} ${unit}`;
}
