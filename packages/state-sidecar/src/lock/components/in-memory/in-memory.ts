import {
  type ComponentType,
  type MachineClock,
  backendErrors,
  machineClock,
} from "@layotto/sidecar-kit";
import { ExpiringMap } from "../../../expiring-map.ts";
import type { LockOutcome, LockStore } from "../../component.ts";
import type { InMemoryLockMetadata } from "./metadata.ts";

interface Held {
  readonly owner: string;
  readonly expiresAtMs: number;
}

/** Locks in the memory of this process. Expiry follows the monotonic clock, so a step of the wall clock frees nothing. */
export class InMemoryLock implements LockStore {
  readonly #maxLocks: number;
  readonly #clock: MachineClock;
  readonly #held: ExpiringMap<Held>;

  constructor(options: { maxLocks: number }, clock: MachineClock = machineClock) {
    this.#maxLocks = options.maxLocks;
    this.#clock = clock;
    this.#held = new ExpiringMap(clock);
  }

  tryLock(key: string, owner: string, expireSeconds: number): boolean {
    if (this.#held.get(key) !== undefined) return false;
    if (this.#held.size >= this.#maxLocks) {
      throw backendErrors.BACKEND_LIMIT(
        `Cannot lock "${key}": the store holds ${this.#maxLocks} locks, its maxLocks`,
      );
    }
    this.#hold(key, owner, expireSeconds);
    return true;
  }

  unlock(key: string, owner: string): LockOutcome {
    const outcome = this.#check(key, owner);
    if (outcome === "success") this.#held.delete(key);
    return outcome;
  }

  keepAlive(key: string, owner: string, expireSeconds: number): LockOutcome {
    const outcome = this.#check(key, owner);
    if (outcome === "success") this.#hold(key, owner, expireSeconds);
    return outcome;
  }

  close(): Promise<void> {
    this.#held.close();
    return Promise.resolve();
  }

  #check(key: string, owner: string): LockOutcome {
    const held = this.#held.get(key);
    if (held === undefined) return "absent";
    return held.owner === owner ? "success" : "other-owner";
  }

  #hold(key: string, owner: string, expireSeconds: number): void {
    const expiresAtMs = this.#clock.monotonicMs() + expireSeconds * 1000;
    this.#held.set(key, { owner, expiresAtMs });
  }
}

/** Component type `in-memory`. */
export const inMemory: ComponentType<InMemoryLock, InMemoryLockMetadata> = {
  metadata: () => import("./metadata.ts").then((module) => module.inMemoryLockMetadata),
  indicator: "lock-memory",
  open: (options) => Promise.resolve(new InMemoryLock(options)),
};
