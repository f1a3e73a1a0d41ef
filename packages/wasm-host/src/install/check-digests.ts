import { createHash } from "node:crypto";
import type { Digests } from "../config/settings.ts";
import { WasmError } from "../errors.ts";

/**
 * Compares octets with the digests that they must have.
 *
 * @throws WasmError DIGEST_MISMATCH that names both
 */
export function checkDigests(bytes: Uint8Array, expected: Digests, what: string): void {
  for (const algorithm of ["sha256", "md5"] as const) {
    const wanted = expected[algorithm];
    if (wanted === undefined) continue;
    const found = createHash(algorithm).update(bytes).digest("hex");
    if (found !== wanted) throw mismatch(what, algorithm, found, wanted);
  }
}

/** The refusal of octets that are not the ones that were meant. */
export function mismatch(
  what: string,
  algorithm: string,
  found: string,
  wanted: string,
): WasmError {
  const message = `${JSON.stringify(what)} has the ${algorithm} "${found}", not "${wanted}": correct one or the other`;
  return new WasmError("DIGEST_MISMATCH", 400, message);
}
