import { Status, defineErrors } from "@layotto/sidecar-kit";

const { ABORTED, FAILED_PRECONDITION, INVALID_ARGUMENT, UNAVAILABLE, UNIMPLEMENTED } = Status;

/** What the state API answers when it does not answer OK. Texts are Layotto's. */
export const stateErrors = defineErrors("state", {
  /** The configuration has no state store at all. */
  STORE_NOT_CONFIGURED: {
    code: FAILED_PRECONDITION,
    message: () => "state store is not configured",
  },
  /** The request names a store that is not configured. */
  STORE_NOT_FOUND: {
    code: INVALID_ARGUMENT,
    message: (store: string) => `state store ${store} is not found`,
  },
  /** The key contains `||`, which is kept for prefixes. */
  KEY_INVALID: { code: INVALID_ARGUMENT, message: keyInvalid },
  /** The entry was changed since its etag was read. */
  ETAG_MISMATCH: {
    code: ABORTED,
    message: (detail: string) => `possible etag mismatch. error from state store: ${detail}`,
  },
  /** The etag is no number of the form that this runtime hands out. */
  ETAG_INVALID: {
    code: INVALID_ARGUMENT,
    message: (detail: string) => `invalid etag value: ${detail}`,
  },
  /** The key was written with first-write, and this write has no etag. */
  FIRST_WRITE_CONFLICT: { code: ABORTED, message: (key: string) => `failed to set key ${key}` },
  /** Metadata `ttlInSeconds` of an item is no whole number. */
  TTL_INVALID: {
    code: INVALID_ARGUMENT,
    message: (ttl: string) =>
      `failed to parse ttl from metadata: strconv.ParseInt: parsing ${JSON.stringify(ttl)}: invalid syntax`,
  },
  /** The store has no transactions. */
  TRANSACTION_NOT_SUPPORTED: {
    code: UNIMPLEMENTED,
    message: (store: string) => `state store ${store} doesn't support transaction`,
  },
  /** An operation of the transaction is neither `upsert` nor `delete`. */
  OPERATION_NOT_SUPPORTED: {
    code: UNIMPLEMENTED,
    message: (type: string) => `operation type ${type} not supported`,
  },
});

/** Messages that the state API puts around what a store reports. */
export const stateMessages = {
  get: (key: string, store: string, cause: string) =>
    `fail to get ${key} from state store ${store}: ${cause}`,
  save: (store: string, cause: string) => `failed saving state in state store ${store}: ${cause}`,
  delete: (key: string, cause: string) => `failed deleting state with key ${key}: ${cause}`,
  transaction: (cause: string) => `error while executing state transaction: ${cause}`,
} as const;

/** What the lock API answers when it does not answer OK. Texts are Layotto's. */
export const lockErrors = defineErrors("lock", {
  /** The configuration has no lock store at all. */
  STORE_NOT_CONFIGURED: {
    code: FAILED_PRECONDITION,
    message: () => "lock store is not configured",
  },
  /** The request has no `resource_id`. */
  RESOURCE_ID_EMPTY: {
    code: INVALID_ARGUMENT,
    message: (store: string) => `ResourceId is empty in lock store ${store}`,
  },
  /** The request has no `lock_owner`. */
  LOCK_OWNER_EMPTY: {
    code: INVALID_ARGUMENT,
    message: (store: string) => `LockOwner is empty in lock store ${store}`,
  },
  /** `expire` of the request is 0 or less. */
  EXPIRE_NOT_POSITIVE: {
    code: INVALID_ARGUMENT,
    message: (store: string) => `Expire is not positive in lock store ${store}`,
  },
  /** The request names a store that is not configured. */
  STORE_NOT_FOUND: {
    code: INVALID_ARGUMENT,
    message: (store: string) => `lock store ${store} not found`,
  },
  /** `resource_id` contains `||`, which is kept for prefixes. */
  KEY_INVALID: { code: INVALID_ARGUMENT, message: keyInvalid },
});

/** What the sequencer API answers when it does not answer OK. Texts are Layotto's. */
export const sequencerErrors = defineErrors("sequencer", {
  /** The configuration has no sequencer store at all. */
  STORE_NOT_CONFIGURED: {
    code: FAILED_PRECONDITION,
    message: () => "Sequencer store is not configured",
  },
  /** The request has no key. */
  KEY_EMPTY: {
    code: INVALID_ARGUMENT,
    message: (store: string) => `Key is empty in sequencer store ${store}`,
  },
  /** The key contains `||`, which is kept for prefixes. */
  KEY_INVALID: { code: INVALID_ARGUMENT, message: keyInvalid },
  /** The request names a store that is not configured. */
  STORE_NOT_FOUND: {
    code: INVALID_ARGUMENT,
    message: (store: string) => `Sequencer store ${store} not found`,
  },
  /** `options.increment` of the request is a value that the API does not know. */
  INCREMENT_ILLEGAL: { code: INVALID_ARGUMENT, message: () => "options.Increment is illegal" },
  /** The next segment of ids did not come within the wait. */
  SEGMENT_UNAVAILABLE: { code: UNAVAILABLE, message: () => "[DoubleBuffer] swap error" },
});

function keyInvalid(key: string): string {
  return `input key/keyPrefix '${key}' can't contain '||'`;
}
