import type { StateValue } from "../../component.ts";
import type { VersionedEntry } from "../../rules.ts";

// One record: format (1 byte), flags (1), version (8, float), wall time of expiry in ms (8, float; 0 = never), data.
const FLAGS = 1;
const VERSION = 2;
const EXPIRES = 10;
const DATA = 18;
const FIRST_WRITE = 1;

/** The head of a stored value. */
export interface RecordHead extends VersionedEntry {
  /** Wall time in milliseconds; 0 = never. */
  readonly expiresAtMs: number;
}

/** Makes room for a record and copies `data` into it; {@link fillHead} completes it. */
export function recordOf(data: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(DATA + data.byteLength);
  record.set(data, DATA);
  return record;
}

/** Writes the head of a record. */
export function fillHead(record: Buffer, format: number, head: RecordHead): Buffer {
  record[0] = format;
  record[FLAGS] = head.firstWrite ? FIRST_WRITE : 0;
  record.writeDoubleLE(head.version, VERSION);
  record.writeDoubleLE(head.expiresAtMs, EXPIRES);
  return record;
}

/** The head of a record, `undefined` when it has expired. */
export function decodeHead(record: Buffer, nowMs: number): RecordHead | undefined {
  if (isExpired(record, nowMs)) return undefined;
  return {
    version: record.readDoubleLE(VERSION),
    firstWrite: (record.readUInt8(FLAGS) & FIRST_WRITE) !== 0,
    expiresAtMs: expiryOf(record),
  };
}

/** What a record holds, copied; `undefined` when it has expired. */
export function decodeValue(record: Buffer, nowMs: number): StateValue | undefined {
  if (isExpired(record, nowMs)) return undefined;
  return {
    // lmdb hands out a larger shared buffer and sets `length` on it, which `subarray` alone does not look at.
    data: new Uint8Array(record.subarray(DATA, record.length)),
    etag: String(record.readDoubleLE(VERSION)),
  };
}

/** Wall time in milliseconds; 0 = never. */
export function expiryOf(record: Buffer): number {
  return record.readDoubleLE(EXPIRES);
}

function isExpired(record: Buffer, nowMs: number): boolean {
  const expiresAtMs = expiryOf(record);
  return expiresAtMs !== 0 && expiresAtMs <= nowMs;
}
