import {
  type Durability,
  type Environment,
  type Table,
  checkKey,
  openEnvironment,
  ownKeys,
} from "@layotto/embedded-store";
import type { CallOptions, ComponentType } from "@layotto/sidecar-kit";
import type {
  DeleteRequest,
  SetRequest,
  StateFeature,
  StateOperation,
  StateStore,
  StateValue,
} from "../../component.ts";
import { checkDelete, checkWrite, hasEtag, ttlSeconds, wantedVersion } from "../../rules.ts";
import {
  decodeHead,
  decodeValue,
  expiryOf,
  fillHead,
  recordOf,
  type RecordHead,
} from "./record.ts";
import type { EmbeddedStateMetadata } from "./metadata.ts";

/** What {@link EmbeddedState} is made of. */
export interface EmbeddedStateOptions {
  /** Names the part of the environment that belongs to this store. */
  readonly name: string;
  readonly durability: Durability;
  /** Life of entries that name none themselves. */
  readonly ttlSeconds?: number | undefined;
}

/**
 * State in lmdb. Reads answer at once from the memory map; a write is acknowledged when its transaction is on disk.
 * `setMany` and `deleteMany` are one transaction of which the part before an error stays, as the contract says.
 */
export class EmbeddedState implements StateStore {
  readonly features: ReadonlySet<StateFeature> = new Set(["etag", "transactional", "ttl"]);
  readonly #environment: Environment;
  readonly #table: Table;
  readonly #options: EmbeddedStateOptions;
  readonly #prefix: string;

  /** Takes over `environment` and closes it with itself. */
  constructor(environment: Environment, options: EmbeddedStateOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#prefix = ownKeys(options.name);
    this.#table = environment.table("state", (key) => this.#expire(key));
  }

  get(key: string): StateValue | undefined {
    // Another process may have written since this one last looked: without a reset lmdb shows an older snapshot.
    this.#table.resetReadTxn();
    const record = this.#table.getBinaryFast(checkKey(this.#prefix + key));
    return record === undefined ? undefined : decodeValue(record, this.#environment.clock.wallMs());
  }

  set(request: SetRequest, options: CallOptions): Promise<void> {
    const write = this.#prepareSet(request);
    return this.#environment.write(write, this.#options.durability, options);
  }

  delete(request: DeleteRequest, options: CallOptions): Promise<void> {
    const remove = this.#prepareDelete(request);
    return this.#environment.write(remove, this.#options.durability, options);
  }

  setMany(requests: readonly SetRequest[], options: CallOptions): Promise<void> {
    return this.#inOrder(
      requests.map((request) => () => this.#prepareSet(request)),
      options,
    );
  }

  deleteMany(requests: readonly DeleteRequest[], options: CallOptions): Promise<void> {
    return this.#inOrder(
      requests.map((request) => () => this.#prepareDelete(request)),
      options,
    );
  }

  transact(operations: readonly StateOperation[], options: CallOptions): Promise<void> {
    const steps = operations.map(({ type, request }) => ({
      key: checkKey(this.#prefix + request.key),
      run: type === "upsert" ? this.#prepareSet(request) : this.#prepareDelete(request),
    }));
    const run = (): void => {
      const undo: [string, Buffer | undefined][] = [];
      try {
        for (const step of steps) {
          undo.push([step.key, this.#table.getBinary(step.key)]);
          step.run();
        }
      } catch (error) {
        for (const [key, record] of undo.reverse()) this.#restore(key, record);
        throw error;
      }
    };
    return this.#environment.write(run, this.#options.durability, options);
  }

  close(): Promise<void> {
    return this.#environment.close();
  }

  #inOrder(prepare: readonly (() => () => void)[], options: CallOptions): Promise<void> {
    // Each step is prepared in its turn: a step that cannot be must not stop those before it. The values are views
    // that end with the call, so preparing happens now, and what it throws waits for its turn.
    const steps = prepare.map((step) => attempt(step));
    const run = (): void => steps.forEach((step) => step());
    return this.#environment.write(run, this.#options.durability, options);
  }

  /** Checks what needs no data and copies the value; the result runs inside a transaction. */
  #prepareSet(request: SetRequest): () => void {
    const key = checkKey(this.#prefix + request.key);
    const wanted = wantedVersion(request.etag, request.concurrency);
    const ttl = ttlSeconds(request.metadata, this.#options.ttlSeconds);
    const record = recordOf(request.value);
    const { concurrency, etag } = request;
    return () => {
      const current = this.#head(key);
      checkWrite(request.key, current, wanted, hasEtag(etag));
      const head: RecordHead = {
        version: (current?.version ?? 0) + 1,
        firstWrite: concurrency === "first-write" || (current?.firstWrite ?? false),
        expiresAtMs: this.#expiry(ttl, current),
      };
      this.#table.putSync(key, fillHead(record, this.#environment.format, head));
      if (head.expiresAtMs !== 0) this.#environment.expireAt("state", key, head.expiresAtMs);
    };
  }

  #prepareDelete(request: DeleteRequest): () => void {
    const key = checkKey(this.#prefix + request.key);
    const wanted = wantedVersion(request.etag, "");
    return () => {
      if (wanted !== 0) checkDelete(request.key, this.#head(key), wanted);
      this.#table.removeSync(key);
    };
  }

  #head(key: string): RecordHead | undefined {
    const record = this.#table.getBinaryFast(key);
    return record === undefined ? undefined : decodeHead(record, this.#environment.clock.wallMs());
  }

  #expiry(ttl: number | undefined, current: RecordHead | undefined): number {
    if (ttl === undefined) return current?.expiresAtMs ?? 0;
    return ttl > 0 ? this.#environment.clock.wallMs() + ttl * 1000 : 0;
  }

  #restore(key: string, record: Buffer | undefined): void {
    if (record === undefined) this.#table.removeSync(key);
    else this.#table.putSync(key, record);
  }

  #expire(key: string): number | undefined {
    const record = this.#table.getBinaryFast(key);
    if (record === undefined) return undefined;
    const expiresAtMs = expiryOf(record);
    if (expiresAtMs === 0) return undefined;
    if (expiresAtMs > this.#environment.clock.wallMs()) return expiresAtMs;
    this.#table.removeSync(key);
    return undefined;
  }
}

/** Component type `embedded`. */
export const embedded: ComponentType<EmbeddedState, EmbeddedStateMetadata> = {
  metadata: () => import("./metadata.ts").then((module) => module.embeddedStateMetadata),
  open: async (metadata, context) =>
    new EmbeddedState(openEnvironment(metadata, context), {
      name: context.name,
      durability: metadata.durability,
      ttlSeconds: metadata.ttlInSeconds,
    }),
};

/** Prepares a step now; if that fails, the step throws the error when its turn comes. */
function attempt(prepare: () => () => void): () => void {
  try {
    return prepare();
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
