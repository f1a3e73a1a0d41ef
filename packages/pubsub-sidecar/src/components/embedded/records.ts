import type { PublishRequest } from "../../component.ts";
import type { RecordHead } from "./groups.ts";

// One message: format (1 byte), flags (1), wall time of publishing in ms (8, float), bytes of key, content type and
// metadata (4 each), then these three and the data. Metadata is JSON, nothing when there is none.
const FLAGS = 1;
const PUBLISHED = 2;
const KEY_BYTES = 10;
const TYPE_BYTES = 14;
const METADATA_BYTES = 18;
const HEAD = 22;
const HAS_KEY = 1;

/** Makes the record of a message and copies its data into it; {@link stampRecord} completes it. */
export function recordOf(request: PublishRequest): Buffer {
  const { key = "", contentType, data } = request;
  const metadata = metadataText(request.metadata);
  const keyBytes = Buffer.byteLength(key);
  const typeBytes = Buffer.byteLength(contentType);
  const metadataBytes = Buffer.byteLength(metadata);
  const dataAt = HEAD + keyBytes + typeBytes + metadataBytes;
  const record = Buffer.allocUnsafe(dataAt + data.byteLength);
  record[FLAGS] = request.key === undefined ? 0 : HAS_KEY;
  record.writeUInt32LE(keyBytes, KEY_BYTES);
  record.writeUInt32LE(typeBytes, TYPE_BYTES);
  record.writeUInt32LE(metadataBytes, METADATA_BYTES);
  if (keyBytes > 0) record.write(key, HEAD);
  record.write(contentType, HEAD + keyBytes);
  if (metadataBytes > 0) record.write(metadata, HEAD + keyBytes + typeBytes);
  record.set(data, dataAt);
  return record;
}

/** Writes format and time of publishing. */
export function stampRecord(record: Buffer, head: RecordHead): void {
  record[0] = head.format;
  record.writeDoubleLE(head.wallMs, PUBLISHED);
}

/** Wall time of publishing in milliseconds. */
export function publishedMs(record: Buffer): number {
  return record.readDoubleLE(PUBLISHED);
}

/** Key of the message; `undefined` = it has none. */
export function keyOf(record: Buffer): string | undefined {
  if (record[FLAGS] !== HAS_KEY) return undefined;
  return record.toString("utf8", HEAD, HEAD + record.readUInt32LE(KEY_BYTES));
}

/** Metadata of the request that published it; `undefined` = it had none. */
export function metadataOf(record: Buffer): Record<string, string> | undefined {
  const bytes = record.readUInt32LE(METADATA_BYTES);
  if (bytes === 0) return undefined;
  const start = HEAD + record.readUInt32LE(KEY_BYTES) + record.readUInt32LE(TYPE_BYTES);
  // Only `recordOf` writes it.
  return JSON.parse(record.toString("utf8", start, start + bytes)) as Record<string, string>;
}

/** The data, a view into the record. */
export function dataOf(record: Buffer): Uint8Array {
  const start =
    HEAD +
    record.readUInt32LE(KEY_BYTES) +
    record.readUInt32LE(TYPE_BYTES) +
    record.readUInt32LE(METADATA_BYTES);
  return record.subarray(start);
}

function metadataText(metadata: Readonly<Record<string, string>>): string {
  for (const _ in metadata) return JSON.stringify(metadata);
  return "";
}
