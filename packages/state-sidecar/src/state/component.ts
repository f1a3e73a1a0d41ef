import type { CallOptions, Component, MaybePromise } from "@layotto/sidecar-kit";

/** Who wins when several write: `""` leaves it to the store. */
export type Concurrency = "" | "first-write" | "last-write";
/** What a write waits for: `""` leaves it to the store. */
export type Consistency = "" | "eventual" | "strong";
/** What a store may support beside reading and writing. */
export type StateFeature = "etag" | "transactional" | "ttl";

/** What a key holds. */
export interface StateValue {
  readonly data: Uint8Array;
  /** Decimal version of the entry; `""` for a value that was not written through a state API. */
  readonly etag: string;
}

/** What a read may carry beside the key; absent when there is nothing to say. */
export interface ReadOptions {
  readonly consistency: Consistency;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One write. */
export interface SetRequest {
  readonly key: string;
  /** A store that keeps the bytes copies them: they may be a view of a larger buffer. */
  readonly value: Uint8Array;
  /** Write only if the entry still has this etag; `undefined` or `""` = no check. */
  readonly etag: string | undefined;
  readonly concurrency: Concurrency;
  readonly consistency: Consistency;
  /** `ttlInSeconds` is known to every store with the feature "ttl". */
  readonly metadata: Readonly<Record<string, string>>;
}

/** One deletion. */
export type DeleteRequest = Omit<SetRequest, "value">;

/** One step of a transaction. */
export type StateOperation =
  | { readonly type: "upsert"; readonly request: SetRequest }
  | { readonly type: "delete"; readonly request: DeleteRequest };

/**
 * What a state back end implements.
 *
 * Rules that all stores share, and that the conformance suite checks:
 * - Each write makes a new version, 1 for a new key; the etag is its decimal form.
 * - A write with an etag is done when the key is absent, has that version, or the etag is `"0"` and the key was never
 *   written with first-write; otherwise ETAG_MISMATCH. An etag that is no integer is ETAG_INVALID.
 * - A first-write marks the key: from then on until it is deleted, writes without an etag fail (FIRST_WRITE_CONFLICT).
 *   Last-write ignores the etag.
 * - A deletion with an etag is done when the key is absent, has that version, or the etag is `"0"`.
 * - `ttlInSeconds` > 0 lets the entry expire, ≤ 0 makes it permanent, absent leaves it as it was.
 */
export interface StateStore extends Component {
  readonly features: ReadonlySet<StateFeature>;
  /** @returns the value, `undefined` when the key is absent or has expired */
  get(key: string, options: CallOptions, read?: ReadOptions): MaybePromise<StateValue | undefined>;
  set(request: SetRequest, options: CallOptions): MaybePromise<void>;
  delete(request: DeleteRequest, options: CallOptions): MaybePromise<void>;
  /** Writes in order and stops at the first error; what came before it stays. Absent = `set` one by one. */
  setMany?(requests: readonly SetRequest[], options: CallOptions): MaybePromise<void>;
  /** Deletes in order and stops at the first error; what came before it stays. Absent = `delete` one by one. */
  deleteMany?(requests: readonly DeleteRequest[], options: CallOptions): MaybePromise<void>;
  /** All or nothing; present with the feature "transactional". */
  transact?(operations: readonly StateOperation[], options: CallOptions): MaybePromise<void>;
}
