import { stateErrors } from "../errors.ts";
import type { Concurrency } from "./component.ts";

/** What the rules need to know of an entry that is there. */
export interface VersionedEntry {
  /** Positive integer. */
  readonly version: number;
  /** Written with first-write since it was created. */
  readonly firstWrite: boolean;
}

const INTEGER = /^[+-]?\d{1,19}$/;

/**
 * The version that a write wants to find; 0 = it does not care.
 *
 * @throws RpcError ETAG_INVALID when the etag is no integer
 */
export function wantedVersion(etag: string | undefined, concurrency: Concurrency): number {
  if (etag === undefined || etag === "" || concurrency === "last-write") return 0;
  if (!INTEGER.test(etag)) {
    throw stateErrors.ETAG_INVALID(`strconv.Atoi: parsing ${JSON.stringify(etag)}: invalid syntax`);
  }
  return Number(etag);
}

/**
 * Whether a write may be done to what is there now.
 *
 * @throws RpcError ETAG_MISMATCH, FIRST_WRITE_CONFLICT
 */
export function checkWrite(
  key: string,
  current: VersionedEntry | undefined,
  wanted: number,
  hasEtag: boolean,
): void {
  if (current === undefined || current.version === wanted) return;
  if (wanted === 0 && !current.firstWrite) return;
  throw writeRefused(key, hasEtag);
}

/** The error of a write that the rules refuse. */
export function writeRefused(key: string, hasEtag: boolean): Error {
  return hasEtag
    ? stateErrors.ETAG_MISMATCH(`failed to set key ${key}`)
    : stateErrors.FIRST_WRITE_CONFLICT(key);
}

/**
 * Whether a deletion may be done to what is there now.
 *
 * @throws RpcError ETAG_MISMATCH
 */
export function checkDelete(
  key: string,
  current: VersionedEntry | undefined,
  wanted: number,
): void {
  if (wanted === 0 || current === undefined || current.version === wanted) return;
  throw stateErrors.ETAG_MISMATCH(`failed to delete ${key}`);
}

/** Whether the caller sent an etag to compare. */
export function hasEtag(etag: string | undefined): boolean {
  return etag !== undefined && etag !== "";
}

/**
 * `ttlInSeconds` of an item, in seconds: > 0 expires, ≤ 0 makes permanent.
 *
 * @param fallback what the component is configured with
 * @returns `undefined` when neither says anything
 * @throws RpcError TTL_INVALID when it is no integer
 */
export function ttlSeconds(
  metadata: Readonly<Record<string, string>>,
  fallback: number | undefined,
): number | undefined {
  const text = metadata["ttlInSeconds"];
  if (text === undefined || text === "") return fallback;
  if (!INTEGER.test(text)) throw stateErrors.TTL_INVALID(text);
  return Number(text);
}
