// The schema of the metadata is in "./metadata", so that a running sidecar loads no schema library.
export type { Database, Key } from "lmdb";
export {
  Environment,
  type EnvironmentOptions,
  type Table,
  type TableName,
  type TableOptions,
} from "./environment.ts";
export type { ExpireRecord } from "./expiry.ts";
export { checkKey, MAX_KEY_BYTES } from "./keys.ts";
export { openEnvironment, ownKeys, type EmbeddedMetadata } from "./store.ts";
export type { Durability } from "./write-queue.ts";
