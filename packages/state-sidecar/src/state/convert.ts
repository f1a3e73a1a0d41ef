import type {
  BulkStateItem,
  GetStateResponse,
  StateItem,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import type {
  Concurrency,
  Consistency,
  DeleteRequest,
  ReadOptions,
  SetRequest,
  StateValue,
} from "./component.ts";

const CONCURRENCY: readonly Concurrency[] = ["", "first-write", "last-write"];
const CONSISTENCY: readonly Consistency[] = ["", "eventual", "strong"];
const NOTHING = new Uint8Array(0);
const NO_METADATA: Record<string, string> = Object.freeze({});

/** The part of a message that a write or a deletion is made from. */
type Write = Pick<StateItem, "etag" | "metadata" | "options">;

/** A write as components know it. */
export function setRequest(key: string, item: StateItem): SetRequest {
  // Written out: a spread costs more than the rest of a write to memory.
  return {
    key,
    value: item.value,
    etag: item.etag?.value,
    concurrency: CONCURRENCY[item.options?.concurrency ?? 0] ?? "",
    consistency: CONSISTENCY[item.options?.consistency ?? 0] ?? "",
    metadata: item.metadata,
  };
}

/** A deletion as components know it. */
export function deleteRequest(key: string, item: Write): DeleteRequest {
  return {
    key,
    etag: item.etag?.value,
    concurrency: CONCURRENCY[item.options?.concurrency ?? 0] ?? "",
    consistency: CONSISTENCY[item.options?.consistency ?? 0] ?? "",
    metadata: item.metadata,
  };
}

/** What a read carries beside the key; `undefined` when there is nothing to say. */
export function readOptions(
  consistency: number,
  metadata: Readonly<Record<string, string>>,
): ReadOptions | undefined {
  if (consistency === 0 && isEmpty(metadata)) return undefined;
  return { consistency: CONSISTENCY[consistency] ?? "", metadata };
}

/** The reply to a read: empty data and etag for an absent key. */
export function getReply(value: StateValue | undefined): GetStateResponse {
  return {
    $typeName: "spec.proto.runtime.v1.GetStateResponse",
    data: value === undefined ? NOTHING : value.data,
    etag: value === undefined ? "" : value.etag,
    metadata: NO_METADATA,
  };
}

/** One item of a bulk read; `error` is set when reading this key failed. */
export function bulkItem(key: string, value: StateValue | undefined, error = ""): BulkStateItem {
  return {
    $typeName: "spec.proto.runtime.v1.BulkStateItem",
    key,
    data: value === undefined ? NOTHING : value.data,
    etag: value === undefined ? "" : value.etag,
    error,
    metadata: NO_METADATA,
  };
}

function isEmpty(map: Readonly<Record<string, string>>): boolean {
  for (const _ in map) return false;
  return true;
}
