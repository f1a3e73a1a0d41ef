import { resolve } from "node:path";
import { open, type Database, type RootDatabase } from "lmdb";
import type { CallOptions } from "../component.ts";
import { systemClock, type Clock } from "../clock.ts";
import { CURRENT_FORMAT, claimDirectory, raiseFormat, refuseFormat } from "./directory.ts";
import { Expiry, type ExpireRecord } from "./expiry.ts";
import { Holders } from "./holders.ts";
import { WriteQueue, type Durability } from "./write-queue.ts";

/** What an environment needs to be opened. */
export interface EnvironmentOptions {
  /** Directory for this environment alone; made when it is not there. */
  readonly directory: string;
  /** Directories of another installation are refused. */
  readonly installation: string;
  readonly clock?: Clock;
  /**
   * When writes become visible: "sync" after their fsync, as in plain LMDB; "async" before. Whoever opens the
   * directory first in this process decides. Default "sync".
   */
  readonly durability?: Durability;
  /** Newest format that the caller understands; tests use it to play a newer version. */
  readonly format?: number;
}

/** Tables of an environment, one per capability. */
export type TableName = "state" | "lock" | "sequencer";

/** Records of one capability: bytes by key. */
export type Table = Database<Buffer, string>;

/** lmdb takes one handle of a file per process, so components that use the same directory share it. */
const openEnvironments = new Map<string, Environment>();

/**
 * An lmdb environment, shared by the components of this process and by other processes.
 *
 * Formats: the label of the directory and the table `meta` hold the newest format that records may have. Each process
 * that holds the directory enters the newest format it understands; records are written in the format that all of them
 * understand, and the directory's own format rises when the last old process is gone. An old version is refused then.
 */
export class Environment {
  readonly clock: Clock;
  /** Format to write records in. */
  format = 0;
  readonly #options: EnvironmentOptions;
  readonly #root: RootDatabase;
  readonly #meta: Database<string, string>;
  readonly #holders: Holders;
  readonly #queue: WriteQueue;
  readonly #expiry: Expiry;
  #users = 1;

  private constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.#root = open({
      path: options.directory,
      noSubdir: false,
      maxDbs: 8,
      encoding: "binary",
      // By default a commit is on disk when it is visible, as in plain LMDB: there is no state between the two that a
      // process which is killed could leave to others that share the directory.
      overlappingSync: options.durability === "async",
    });
    this.#meta = this.#root.openDB({ name: "meta", encoding: "string" });
    this.#holders = new Holders(this.#meta);
    this.#queue = new WriteQueue(this.#root);
    this.#expiry = new Expiry(this.#root.openDB({ name: "expiry", encoding: "binary" }), this);
  }

  /**
   * Opens a directory, or joins who has it open in this process.
   *
   * @throws RpcError DATA_DIR_REFUSED
   */
  static open(options: EnvironmentOptions): Environment {
    const directory = resolve(options.directory);
    claimDirectory(directory, options.installation, options.format ?? CURRENT_FORMAT);
    const shared = openEnvironments.get(directory);
    if (shared !== undefined) {
      shared.#users++;
      return shared;
    }
    const fresh = new Environment({ ...options, directory });
    fresh.#enter();
    openEnvironments.set(directory, fresh);
    return fresh;
  }

  /** @param expire called by the sweeper for records whose time has come; see {@link ExpireRecord} */
  table(name: TableName, expire?: ExpireRecord): Table {
    if (expire !== undefined) this.#expiry.register(name, expire);
    return this.#root.openDB({ name, encoding: "binary" });
  }

  /** Runs a function in a write transaction, together with others; see {@link WriteQueue}. */
  write<T>(run: () => T, durability: Durability, options?: CallOptions): Promise<T> {
    return this.#queue.add(run, durability, options);
  }

  /** Lets the sweeper look at a record later. Only inside a write transaction. */
  expireAt(table: TableName, key: string, wallMs: number): void {
    this.#expiry.add(table, key, wallMs);
  }

  /** Removes a bounded number of expired records; returns how many entries it looked at. */
  sweep(): Promise<number> {
    // A killed reader would keep old pages from being used again.
    this.#root.readerCheck();
    this.#agreeOnFormat();
    return this.#expiry.sweep();
  }

  /** Leaves; the last one who does closes the environment after its writes are done. */
  async close(): Promise<void> {
    this.#users--;
    if (this.#users > 0) return;
    openEnvironments.delete(this.#options.directory);
    this.#expiry.close();
    await this.#queue.idle();
    this.#root.transactionSync(() => this.#holders.leave());
    await this.#root.close();
  }

  #enter(): void {
    const understood = this.#options.format ?? CURRENT_FORMAT;
    this.#root.readerCheck();
    try {
      this.#root.transactionSync(() => {
        const stored = this.#storedFormat();
        if (stored > understood) refuseFormat(this.#options.directory, stored, understood);
        this.#holders.enter(understood);
      });
      this.#agreeOnFormat();
    } catch (error) {
      void this.#root.close();
      throw error;
    }
    this.#expiry.start();
  }

  /** Raises the format once every holder understands it. */
  #agreeOnFormat(): void {
    const { directory, installation, format: understood = CURRENT_FORMAT } = this.#options;
    if (this.format === understood) return;
    this.format = this.#root.transactionSync(() => {
      const common = Math.max(this.#storedFormat(), this.#holders.commonFormat());
      this.#meta.putSync("format", String(common));
      return common;
    });
    if (this.format === understood) raiseFormat(directory, installation, understood);
  }

  #storedFormat(): number {
    return Number(this.#meta.get("format") ?? 0);
  }
}
