import {
  type Durability,
  type Environment,
  type Table,
  checkKey,
  openEnvironment,
  ownKeys,
} from "@layotto/embedded-store";
import type { CallOptions, ComponentType, MachineClock } from "@layotto/sidecar-kit";
import type { EmbeddedMetadata } from "../../../embedded-metadata.ts";
import type { LockOutcome, LockStore } from "../../component.ts";

/** A lock as it is stored, as JSON. */
interface Held {
  readonly owner: string;
  /** Boot that `monotonicMs` counts from. */
  readonly boot: string;
  /** When it expires, by the monotonic clock of that boot. */
  readonly monotonicMs: number;
  /** When it expires by the wall clock: what counts after the machine has started anew. */
  readonly wallMs: number;
}

/**
 * Locks in lmdb, shared by all processes of the machine that use the directory. As long as the machine is up, expiry
 * follows its monotonic clock, so a step of the wall clock neither frees a lock nor prolongs one.
 */
export class EmbeddedLock implements LockStore {
  readonly #environment: Environment;
  readonly #table: Table;
  readonly #durability: Durability;
  readonly #prefix: string;

  /** Takes over `environment` and closes it with itself. */
  constructor(environment: Environment, options: { name: string; durability: Durability }) {
    this.#environment = environment;
    this.#durability = options.durability;
    this.#prefix = ownKeys(options.name);
    this.#table = environment.table("lock", (key) => this.#expire(key));
  }

  tryLock(
    key: string,
    owner: string,
    expireSeconds: number,
    options: CallOptions,
  ): Promise<boolean> {
    const full = checkKey(this.#prefix + key);
    const run = (): boolean => {
      if (this.#held(full) !== undefined) return false;
      this.#hold(full, owner, expireSeconds);
      return true;
    };
    return this.#environment.write(run, this.#durability, options);
  }

  unlock(key: string, owner: string, options: CallOptions): Promise<LockOutcome> {
    return this.#ifOwner(key, owner, options, (full) => this.#table.removeSync(full));
  }

  keepAlive(
    key: string,
    owner: string,
    expireSeconds: number,
    options: CallOptions,
  ): Promise<LockOutcome> {
    return this.#ifOwner(key, owner, options, (full) => this.#hold(full, owner, expireSeconds));
  }

  close(): Promise<void> {
    return this.#environment.close();
  }

  #ifOwner(
    key: string,
    owner: string,
    options: CallOptions,
    act: (full: string) => void,
  ): Promise<LockOutcome> {
    const full = checkKey(this.#prefix + key);
    const run = (): LockOutcome => {
      const held = this.#held(full);
      if (held === undefined) return "absent";
      if (held.owner !== owner) return "other-owner";
      act(full);
      return "success";
    };
    return this.#environment.write(run, this.#durability, options);
  }

  #hold(full: string, owner: string, expireSeconds: number): void {
    const { clock } = this.#environment;
    const wallMs = clock.wallMs() + expireSeconds * 1000;
    const monotonicMs = clock.monotonicMs() + expireSeconds * 1000;
    const held: Held = { owner, boot: clock.bootId, monotonicMs, wallMs };
    this.#table.putSync(full, Buffer.from(JSON.stringify(held)));
    this.#environment.expireAt("lock", full, wallMs);
  }

  #held(full: string): Held | undefined {
    const record = this.#table.getBinaryFast(full);
    if (record === undefined) return undefined;
    // Only #hold writes these records. lmdb sets `length` on a larger shared buffer, so it must be named.
    const held = JSON.parse(record.toString("utf8", 0, record.length)) as Held;
    return remainingMs(held, this.#environment.clock) > 0 ? held : undefined;
  }

  #expire(full: string): number | undefined {
    const held = this.#held(full);
    const { clock } = this.#environment;
    if (held !== undefined) return clock.wallMs() + remainingMs(held, clock);
    this.#table.removeSync(full);
    return undefined;
  }
}

/** Component type `embedded`. */
export const embedded: ComponentType<EmbeddedLock, EmbeddedMetadata> = {
  metadata: () => import("../../../embedded-metadata.ts").then((module) => module.embeddedMetadata),
  indicator: "lock-embedded",
  open: async (metadata, context) =>
    new EmbeddedLock(openEnvironment(metadata, context), {
      name: context.name,
      durability: metadata.durability,
    }),
};

function remainingMs(held: Held, clock: MachineClock): number {
  if (held.boot !== "" && held.boot === clock.bootId) return held.monotonicMs - clock.monotonicMs();
  return held.wallMs - clock.wallMs();
}
