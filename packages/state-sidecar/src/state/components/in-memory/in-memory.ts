import {
  type ComponentType,
  type MachineClock,
  backendErrors,
  machineClock,
  ownBytes,
} from "@layotto/sidecar-kit";
import { ExpiringMap } from "../../../expiring-map.ts";
import type {
  DeleteRequest,
  SetRequest,
  StateFeature,
  StateOperation,
  StateStore,
  StateValue,
} from "../../component.ts";
import { checkDelete, checkWrite, hasEtag, ttlSeconds, wantedVersion } from "../../rules.ts";
import type { InMemoryStateMetadata } from "./metadata.ts";

interface Entry extends StateValue {
  readonly version: number;
  readonly firstWrite: boolean;
  readonly expiresAtMs: number;
}

/** What an entry costs beside its key and value; an estimate. */
const ENTRY_OVERHEAD_BYTES = 128;

/** State in the memory of this process: gone when it ends. Everything answers at once, without a promise. */
export class InMemoryState implements StateStore {
  readonly features: ReadonlySet<StateFeature> = new Set(["etag", "transactional", "ttl"]);
  readonly #limits: InMemoryStateMetadata;
  readonly #clock: MachineClock;
  readonly #entries: ExpiringMap<Entry>;
  #bytes = 0;

  constructor(limits: InMemoryStateMetadata, clock: MachineClock = machineClock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#entries = new ExpiringMap(clock, (key, entry) => {
      this.#bytes -= cost(key, entry.data);
    });
  }

  get(key: string): StateValue | undefined {
    return this.#entries.get(key);
  }

  set(request: SetRequest): void {
    const wanted = wantedVersion(request.etag, request.concurrency);
    const ttl = ttlSeconds(request.metadata, this.#limits.ttlInSeconds);
    const current = this.#entries.get(request.key);
    checkWrite(request.key, current, wanted, hasEtag(request.etag));
    const version = (current?.version ?? 0) + 1;
    this.#put(request.key, current, {
      data: ownBytes(request.value),
      etag: String(version),
      version,
      firstWrite: request.concurrency === "first-write" || (current?.firstWrite ?? false),
      expiresAtMs: this.#expiry(ttl, current),
    });
  }

  delete(request: DeleteRequest): void {
    const wanted = wantedVersion(request.etag, "");
    checkDelete(request.key, this.#entries.get(request.key), wanted);
    this.#entries.delete(request.key);
  }

  transact(operations: readonly StateOperation[]): void {
    const undo: [string, Entry | undefined][] = [];
    try {
      for (const { type, request } of operations) {
        undo.push([request.key, this.#entries.get(request.key)]);
        if (type === "upsert") this.set(request);
        else this.delete(request);
      }
    } catch (error) {
      for (const [key, entry] of undo.reverse()) this.#restore(key, entry);
      throw error;
    }
  }

  close(): Promise<void> {
    this.#entries.close();
    return Promise.resolve();
  }

  /** Removes expired entries now. */
  sweep(): void {
    this.#entries.sweep(Infinity);
  }

  /** Entries in memory and what they cost. */
  get usage(): { entries: number; bytes: number } {
    return { entries: this.#entries.size, bytes: this.#bytes };
  }

  #expiry(ttl: number | undefined, current: Entry | undefined): number {
    if (ttl === undefined) return current?.expiresAtMs ?? Infinity;
    return ttl > 0 ? this.#clock.monotonicMs() + ttl * 1000 : Infinity;
  }

  #put(key: string, current: Entry | undefined, entry: Entry): void {
    const { maxEntries, maxBytes } = this.#limits;
    const added = cost(key, entry.data);
    const freed = current === undefined ? 0 : cost(key, current.data);
    if (current === undefined && this.#entries.size >= maxEntries) {
      throw backendErrors.BACKEND_LIMIT(
        `Cannot write key "${key}": the store holds ${maxEntries} entries, its maxEntries`,
      );
    }
    if (added > freed && this.#bytes + added - freed > maxBytes) {
      throw backendErrors.BACKEND_LIMIT(
        `Cannot write key "${key}": the store would hold more than ${maxBytes} bytes, its maxBytes`,
      );
    }
    this.#entries.set(key, entry);
    this.#bytes += added;
  }

  #restore(key: string, entry: Entry | undefined): void {
    if (entry === undefined) return this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#bytes += cost(key, entry.data);
  }
}

/** Component type `in-memory`. */
export const inMemory: ComponentType<InMemoryState, InMemoryStateMetadata> = {
  metadata: () => import("./metadata.ts").then((module) => module.inMemoryStateMetadata),
  open: (metadata) => Promise.resolve(new InMemoryState(metadata)),
};

function cost(key: string, data: Uint8Array): number {
  return 2 * key.length + data.byteLength + ENTRY_OVERHEAD_BYTES;
}
