import { randomBytes } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Clock, systemClock, type Timer } from "@layotto/sidecar-kit";
import { WasmError } from "../errors.ts";
import {
  codeOf,
  fileOf,
  nameOf,
  notOurs,
  type OrderRecord,
  parseOrder,
  readText,
  stateOf,
  textOfOrder,
  writeNew,
} from "./order-file.ts";
import { Orders } from "./orders.ts";

/** What {@link OrderBook.follow} tells. */
export interface OrderEvents {
  /** An order is there, or is another one than before. */
  onOrder(name: string, record: OrderRecord): void;
  /** An order that was told of, or was kept here, has gone. */
  onGone(name: string): void;
  /** The folder or one of its files cannot be read. */
  onFault(error: Error): void;
}

/** What {@link OrderBook} is made with. */
export interface OrderBookOptions {
  /** Folder of the book; made when it is wanted first. */
  readonly dir: string;
  /** For folders that make no events, ms. @default 5000 */
  readonly pollMs?: number;
  readonly clock?: Clock;
}

/** What a process that was killed has left half written, ms old. */
const LEFT_MS = 600_000;
/** All operations are of one line: a look at the folder must not meet a half-done order of this process. */
const line = "";

/**
 * Keeps orders to install functions in a folder, one file each, so that functions are there again after a restart or in
 * the process that takes over. Processes that share the folder follow each other's orders.
 */
export class OrderBook {
  readonly #options: Required<OrderBookOptions>;
  readonly #line = new Orders();
  /** State of each file when it was read or written last, by the name of its function. */
  readonly #known = new Map<string, string>();
  #events: OrderEvents | undefined;
  #watcher: FSWatcher | undefined;
  #poll: Timer | undefined;
  /** What was complained about last. */
  #fault = "";

  constructor({ dir, pollMs = 5000, clock = systemClock }: OrderBookOptions) {
    this.#options = { dir, pollMs, clock };
  }

  /**
   * Keeps a new order. When it resolves, a crash of the machine does not lose it.
   *
   * @throws WasmError ORDER_NOT_KEPT, NAME_TAKEN: another process has kept one of this name just now
   */
  keep(name: string, record: OrderRecord): Promise<void> {
    return this.#changing(name, async () => {
      const state = await stateOf(this.#fileOf(name));
      if (state !== undefined && state !== this.#known.get(name)) throw nameTaken(name);
      await this.#write(name, record);
    });
  }

  /** Whether there is an order, as far as it was seen. */
  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Tells of an order once more. */
  tellAgain(name: string): void {
    this.#known.delete(name);
    void this.#look(basename(this.#fileOf(name)));
  }

  /** Changes what an order says, if there is one. @throws WasmError ORDER_NOT_KEPT */
  amend(name: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#changing(name, async () => {
      const record = await this.#read(name);
      if (record === undefined) return;
      await this.#write(name, { ...record, body: { ...record.body, ...changes } });
    });
  }

  /** Forgets an order, if there is one. @throws WasmError ORDER_NOT_KEPT it is still there */
  forget(name: string): Promise<void> {
    return this.#changing(name, async () => {
      await rm(this.#fileOf(name), { force: true });
      this.#known.delete(name);
      await this.#sync();
    });
  }

  /** An order that is kept. */
  read(name: string): Promise<OrderRecord | undefined> {
    return this.#line.run(line, () => this.#read(name));
  }

  /** Tells of all orders, then of what other processes do to them. Resolves when all that are there now are told. */
  async follow(events: OrderEvents): Promise<void> {
    const { dir } = this.#options;
    this.#events = events;
    // Without the folder there is nothing to follow; the first order says why it cannot be made.
    await mkdir(dir, { recursive: true, mode: 0o700 }).catch(() => {});
    this.#watch();
    await this.#line.run(line, () => this.#clear());
    await this.#look();
    this.#pollLater();
  }

  stop(): void {
    this.#events = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#poll?.cancel();
  }

  #watch(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#options.dir, { persistent: false }, (_event, file) => void this.#look(file)); // prettier-ignore
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      // It is looked at from time to time.
    }
  }

  #pollLater(): void {
    const { pollMs, clock } = this.#options;
    if (this.#events === undefined) return;
    this.#poll = clock.after(pollMs, () => {
      this.#watch();
      void this.#look().then(() => this.#pollLater());
    });
  }

  /** Removes what processes have left that were killed while they wrote. */
  async #clear(): Promise<void> {
    const files = await readdir(this.#options.dir).catch(() => []);
    for (const file of files.filter((each) => each.startsWith("."))) {
      const path = join(this.#options.dir, file);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() === true && Date.now() - found.mtimeMs > LEFT_MS) await rm(path).catch(() => {});
    }
  } // prettier-ignore

  /** Looks at one file, or at all. Never rejects. */
  #look(file: string | null = null): Promise<void> {
    const name = file === null ? undefined : nameOf(file);
    if (file !== null && name === undefined) return Promise.resolve();
    return this.#line.run(line, async () => {
      try {
        await (name === undefined ? this.#scan() : this.#scanOne(name));
        if (name === undefined) this.#fault = "";
      } catch (error) {
        if (codeOf(error) !== "ENOENT") this.#complain(asError(error));
      }
    });
  }

  async #scan(): Promise<void> {
    const files = await readdir(this.#options.dir);
    const names = files.flatMap((file) => nameOf(file) ?? []);
    for (const name of new Set([...names, ...this.#known.keys()])) await this.#scanOne(name);
  }

  /** @throws Error the file cannot be read now: it is looked at again */
  async #scanOne(name: string): Promise<void> {
    const file = this.#fileOf(name);
    const state = await stateOf(file);
    if (state === this.#known.get(name)) return;
    if (state === undefined) {
      this.#known.delete(name);
      this.#events?.onGone(name);
      return;
    }
    const text = await readText(file);
    this.#known.set(name, state);
    const record = text === undefined ? undefined : parseOrder(text);
    if (record !== undefined) this.#events?.onOrder(name, record);
    else if (text !== undefined) this.#events?.onFault(notOurs(file));
  }

  /** Once until it is another one, or is over. */
  #complain(error: Error): void {
    if (error.message === this.#fault) return;
    this.#fault = error.message;
    this.#events?.onFault(error);
  }

  async #read(name: string): Promise<OrderRecord | undefined> {
    const file = this.#fileOf(name);
    const text = await readText(file);
    if (text === undefined) return undefined;
    const record = parseOrder(text);
    if (record === undefined) throw notOurs(file);
    return record;
  }

  async #write(name: string, { body, baseDir }: OrderRecord): Promise<void> {
    const { dir } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    // Processes in containers may share the folder and have the same number.
    const fresh = join(dir, `.${process.pid}.${randomBytes(6).toString("hex")}`);
    try {
      const state = await writeNew(fresh, textOfOrder({ body, baseDir }));
      await rename(fresh, this.#fileOf(name));
      this.#known.set(name, state);
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {});
      throw error;
    }
    await this.#sync();
  }

  /** The folder too: a new name in it is lost with the machine otherwise. */
  async #sync(): Promise<void> {
    const folder = await open(this.#options.dir, "r").catch(() => undefined);
    await folder?.sync().catch(() => {}); // some systems cannot
    await folder?.close();
  }

  #changing(name: string, change: () => Promise<void>): Promise<void> {
    return this.#line.run(line, async () => {
      try {
        await change();
      } catch (error) {
        if (error instanceof WasmError) throw error;
        const why = asError(error).message.split(",", 1)[0] ?? "";
        const isLong = codeOf(error) === "ENAMETOOLONG";
        const cure = isLong ? "choose a shorter name" : `make "${this.#options.dir}" writable, or choose another data_dir`; // prettier-ignore
        throw new WasmError("ORDER_NOT_KEPT", 500, `Cannot keep the order for function "${name}": ${why}: ${cure}`); // prettier-ignore
      }
    });
  }

  #fileOf(name: string): string {
    return join(this.#options.dir, fileOf(name));
  }
}

function nameTaken(name: string): WasmError {
  return new WasmError("NAME_TAKEN", 500, `${name} is already registered`);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
