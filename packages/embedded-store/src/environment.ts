import { resolve } from "node:path";
import { open, type Database, type DatabaseOptions, type Key, type RootDatabase } from "lmdb";
import { machineClock, type CallOptions, type MachineClock } from "@layotto/sidecar-kit";
import { CURRENT_FORMAT, claimDirectory, raiseFormat, refuseFormat } from "./directory.ts";
import { Expiry, type ExpireRecord } from "./expiry.ts";
import { Holders, isHolderAlive, ownHolderId } from "./holders.ts";
import { WriteQueue, type Durability } from "./write-queue.ts";

/** What an environment needs to be opened. */
export interface EnvironmentOptions {
  /** Directory for this environment alone; made when it is not there. */
  readonly directory: string;
  /** Directories of another installation are refused. */
  readonly installation: string;
  readonly clock?: MachineClock;
  /**
   * When writes become visible: "sync" after their fsync, as in plain LMDB; "async" before. Whoever opens the
   * directory first in this process decides. Default "sync".
   */
  readonly durability?: Durability;
  /** Newest format that the caller understands; tests use it to play a newer version. */
  readonly format?: number;
}

/** Table of an environment, one or more per capability, e.g. `"state"`; `meta` and `expiry` are the environment's own. */
export type TableName = string;

/** Records of one capability: bytes by key. */
export type Table = Database<Buffer, string>;

/** How {@link Environment.openTable} stores records; the meaning is lmdb's. All users of a table must agree. */
export interface TableOptions {
  readonly encoding: NonNullable<DatabaseOptions["encoding"]>;
  /** Default `"ordered-binary"`: strings, numbers and arrays of them, in their natural order. */
  readonly keyEncoding?: NonNullable<DatabaseOptions["keyEncoding"]>;
}

/** Tables that no capability may use. */
const OWN_TABLES: readonly TableName[] = ["meta", "expiry"];
/** lmdb reserves little for each, and the number cannot grow while the file is open. */
const MAX_TABLES = 32;

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
  readonly clock: MachineClock;
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
    this.clock = options.clock ?? machineClock;
    this.#root = open({
      path: options.directory,
      noSubdir: false,
      maxDbs: MAX_TABLES,
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

  /** This process, for {@link isAlive}: the same for all its environments, and for no process after it. */
  get holderId(): string {
    return ownHolderId();
  }

  /**
   * Whether the process with this {@link holderId} still runs, so that what a crashed one has claimed in a table can be
   * taken over. Reads /proc, so ask once for many records.
   */
  isAlive(holderId: string): boolean {
    return isHolderAlive(holderId);
  }

  /**
   * Whether another process that runs has the directory open, as of the last `resetReadTxn`. Reads /proc, so ask a few
   * times a second at most when nobody has.
   */
  isShared(): boolean {
    return this.#holders.anyOther();
  }

  /**
   * Opens a table of bytes by string.
   *
   * @param expire called by the sweeper for records whose time has come; see {@link ExpireRecord}
   */
  table(name: TableName, expire?: ExpireRecord): Table {
    if (expire !== undefined) this.#expiry.register(name, expire);
    return this.openTable<Buffer, string>(name, { encoding: "binary" });
  }

  /**
   * Opens a table whose keys are no strings, or whose values are no bytes.
   *
   * Change it inside {@link write} only, with `putSync` and `removeSync`. Call `resetReadTxn` before a read that must
   * see what other processes have written.
   *
   * @typeParam V values, as `options.encoding` can hold them
   * @typeParam K keys; of arrays, a shorter one is a bound of a range, e.g. `["topic"]` before `["topic", 1]`
   */
  openTable<V, K extends Key>(name: TableName, options: TableOptions): Database<V, K> {
    if (OWN_TABLES.includes(name))
      throw new Error(`Cannot use table "${name}": it is the environment's own`);
    return this.#root.openDB<V, K>({ name, ...options });
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
