import { type FSWatcher, watch } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock, type Timer } from "@layotto/sidecar-kit";
import { WasmError } from "../errors.ts";
import { Orders } from "./orders.ts";

/** An order to install a function, as it is kept. */
export interface OrderRecord {
  /** The body as it came, with the module if that came along. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Where relative paths in it begin. */
  readonly baseDir: string;
}

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

/** Of records; what a newer version has written is left alone. */
const FORMAT = 1;
const extension = ".json";
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

  constructor({ dir, pollMs = 5000, clock = systemClock }: OrderBookOptions) {
    this.#options = { dir, pollMs, clock };
  }

  /** Keeps an order. When it resolves, a crash of the machine does not lose it. @throws WasmError ORDER_NOT_KEPT */
  keep(name: string, record: OrderRecord): Promise<void> {
    return this.#changing(name, () => this.#write(name, record));
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
      this.#known.delete(name);
      await rm(this.#fileOf(name), { force: true });
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
    await this.#look();
    this.#pollLater();
  }

  stop(): void {
    this.#events = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#poll?.cancel();
  }

  /** Resolves when nothing is written or read. */
  settled(): Promise<void> {
    return this.#line.idle();
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

  /** Looks at one file, or at all. Never rejects. */
  #look(file: string | null = null): Promise<void> {
    const name = file === null ? undefined : nameOf(file);
    if (file !== null && name === undefined) return Promise.resolve();
    return this.#line.run(line, async () => {
      try {
        await (name === undefined ? this.#scan() : this.#scanOne(name));
      } catch (error) {
        if (codeOf(error) !== "ENOENT") this.#events?.onFault(asError(error));
      }
    });
  }

  async #scan(): Promise<void> {
    const files = await readdir(this.#options.dir);
    const names = files.flatMap((file) => nameOf(file) ?? []);
    for (const name of new Set([...names, ...this.#known.keys()])) await this.#scanOne(name);
  }

  async #scanOne(name: string): Promise<void> {
    const state = await stateOf(this.#fileOf(name));
    if (state === this.#known.get(name)) return;
    if (state === undefined) {
      this.#known.delete(name);
      this.#events?.onGone(name);
      return;
    }
    this.#known.set(name, state);
    try {
      const record = await this.#read(name);
      if (record !== undefined) this.#events?.onOrder(name, record);
    } catch (error) {
      this.#events?.onFault(asError(error));
    }
  }

  async #read(name: string): Promise<OrderRecord | undefined> {
    const file = this.#fileOf(name);
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    const record = parsed(text);
    if (record !== undefined) return record;
    throw new Error(`"${file}" is no order of this version: remove it, or start the version that wrote it`); // prettier-ignore
  }

  async #write(name: string, { body, baseDir }: OrderRecord): Promise<void> {
    const { dir } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const fresh = join(dir, `.${process.pid}`);
    const file = await open(fresh, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify({ format: FORMAT, baseDir, body }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.#fileOf(name));
    await this.#sync();
    this.#known.set(name, (await stateOf(this.#fileOf(name))) ?? "");
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
        const why = asError(error).message.split(",", 1)[0] ?? "";
        const cure = `make "${this.#options.dir}" writable, or choose another data_dir`;
        throw new WasmError("ORDER_NOT_KEPT", 500, `Cannot keep the order for function "${name}": ${why}: ${cure}`); // prettier-ignore
      }
    });
  }

  #fileOf(name: string): string {
    // A name may begin with a dot, which hides files that are on their way.
    return join(this.#options.dir, encodeURIComponent(name).replace(/^\./, "%2E") + extension);
  }
}

function nameOf(file: string): string | undefined {
  if (!file.endsWith(extension) || file.startsWith(".")) return undefined;
  try {
    return decodeURIComponent(file.slice(0, -extension.length));
  } catch {
    return undefined;
  }
}

/** What tells one state of a file from another. */
async function stateOf(file: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return undefined;
  }
}

function parsed(text: string): OrderRecord | undefined {
  try {
    const { format, baseDir, body } = JSON.parse(text) as Record<string, unknown>;
    const isOurs = format === FORMAT && typeof baseDir === "string";
    if (!isOurs || typeof body !== "object" || body === null) return undefined;
    return { baseDir, body: body as Record<string, unknown> }; // read like a body that came as JSON
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), "code");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
