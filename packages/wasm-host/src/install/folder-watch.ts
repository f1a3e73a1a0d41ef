import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { type Clock, type Timer, systemClock } from "@layotto/sidecar-kit";
import { isFunctionName } from "../config/read-function.ts";

const extension = ".wasm";

/** What a watch tells. All of it is told again when it happens again; nothing is awaited. */
export interface FolderEvents {
  /** A file is there, or is another one than before, and nobody has written to it for a moment. */
  onFile(name: string, path: string): void;
  /** A file that was told of has gone. */
  onGone(name: string, path: string): void;
  /** The folder cannot be watched or read at present, or a file has a name that no function can have. */
  onFault(error: Error): void;
}

/** Times and means of a watch. */
export interface FolderWatchOptions {
  /** A change counts once this long nothing more has happened to the file, ms. @default 10 */
  readonly quietMs?: number;
  /** A file counts as gone once it is away so long, ms: replaced files are. @default 250 */
  readonly goneMs?: number;
  /** For what makes no events: links to other folders, network file systems, folders made anew, ms. @default 5000 */
  readonly pollMs?: number;
  readonly clock?: Clock;
  /** Only this file is looked at, whatever it is called. */
  readonly only?: string;
  /** How a folder is watched. @default node:fs */
  readonly watch?: typeof watch;
}

/** A file of which something may have happened. */
interface Watched {
  /** Signature when it was told of; undefined: it was not. */
  told: string | undefined;
  /** Signature when it was looked at last. */
  seen: string;
  timer: Timer | undefined;
}

/**
 * Tells which modules are in a folder, from now on: `NAME.wasm` files however they come, replaced by a rename, written in
 * place, or reached through links that are exchanged, as Kubernetes does with `..data`. What is torn after all is told
 * again when it is written on.
 */
export class FolderWatch {
  readonly #dir: string;
  readonly #events: FolderEvents;
  readonly #options: Required<Omit<FolderWatchOptions, "only">> & { only: string | undefined };
  readonly #files = new Map<string, Watched>();
  #watcher: FSWatcher | undefined;
  #poll: Timer | undefined;
  /** Of the folder that is watched. */
  #folder = "";
  /** What was complained about last, of watching and of reading. */
  readonly #faults = { watch: "", read: "" };

  /** @param dir absolute */
  constructor(dir: string, events: FolderEvents, options: FolderWatchOptions = {}) {
    this.#dir = dir;
    this.#events = events;
    const { quietMs = 10, goneMs = 250, pollMs = 5000, clock = systemClock, only } = options;
    this.#options = { quietMs, goneMs, pollMs, clock, only, watch: options.watch ?? watch };
  }

  /** Tells at once of what is there, without waiting whether it is still written. */
  start(): void {
    this.#watch();
    for (const file of this.#list())
      this.#tell(file, { told: undefined, seen: absent, timer: undefined });
    this.#pollLater();
  }

  stop(): void {
    this.#unwatch();
    this.#poll?.cancel();
    for (const { timer } of this.#files.values()) timer?.cancel();
    this.#files.clear();
  }

  #pollLater(): void {
    this.#poll = this.#options.clock.after(this.#options.pollMs, () => {
      this.#watch();
      this.#scan();
      this.#pollLater();
    });
  }

  /** Watches, anew if the folder is another one than before. */
  #watch(): void {
    const folder = signature(this.#dir, "folder");
    if (this.#watcher !== undefined && folder === this.#folder) return;
    this.#unwatch();
    this.#folder = folder;
    if (folder === absent) return;
    try {
      const { watch: watchDir } = this.#options;
      this.#watcher = watchDir(this.#dir, { persistent: false }, (_event, name) => this.#changed(name)); // prettier-ignore
      this.#watcher.on("error", () => this.#unwatch());
      this.#faults.watch = "";
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(
        "watch",
        `cannot watch ${JSON.stringify(this.#dir)}, it is looked at from time to time: ${reason}`,
      );
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #changed(name: string | null): void {
    // Kubernetes exchanges the link "..data" that all files are reached through.
    if (name === null || name.startsWith("..")) this.#scan();
    else if (this.#isWanted(name)) this.#look(name);
  }

  /** Looks at everything that is or was there. */
  #scan(): void {
    for (const file of new Set([...this.#list(), ...this.#files.keys()])) {
      const { told = absent, timer } = this.#files.get(file) ?? {};
      if (timer === undefined && signature(join(this.#dir, file), "file") !== told)
        this.#look(file);
    }
  }

  /** Something happened to a file: it is looked at again until nothing more happens. */
  #look(file: string): void {
    const entry = this.#files.get(file) ?? { told: undefined, seen: absent, timer: undefined };
    this.#files.set(file, entry);
    entry.seen = signature(join(this.#dir, file), "file");
    entry.timer?.cancel();
    const { quietMs, goneMs, clock } = this.#options;
    const waitMs = entry.seen === absent ? goneMs : quietMs;
    entry.timer = clock.after(waitMs, () => this.#settle(file, entry));
  }

  #settle(file: string, entry: Watched): void {
    entry.timer = undefined;
    const now = signature(join(this.#dir, file), "file");
    if (now !== entry.seen) this.#look(file);
    else this.#tell(file, entry);
  }

  #tell(file: string, entry: Watched): void {
    const path = join(this.#dir, file);
    const now = signature(path, "file");
    entry.seen = now;
    // An empty file is about to be written.
    if (now === empty) return;
    if (now === absent) {
      this.#forget(file, entry);
      return;
    }
    if (now === entry.told) return;
    this.#files.set(file, entry);
    entry.told = now;
    const name = this.#nameOf(file);
    if (this.#options.only !== undefined || isFunctionName(name)) this.#events.onFile(name, path);
    else this.#events.onFault(new Error(`${JSON.stringify(path)} cannot be the name of a function: use ASCII without blanks`)); // prettier-ignore
  }

  /** A folder that is away takes nothing with it: what runs goes on until the folder says otherwise. */
  #forget(file: string, { told }: Watched): void {
    if (told !== undefined && signature(this.#dir, "folder") === absent) return;
    this.#files.delete(file);
    if (told !== undefined) this.#events.onGone(this.#nameOf(file), join(this.#dir, file));
  }

  #nameOf(file: string): string {
    return file.endsWith(extension) ? file.slice(0, -extension.length) : file;
  }

  #isWanted(file: string): boolean {
    const { only } = this.#options;
    if (only !== undefined) return file === only;
    // What begins with a dot is on its way to another name.
    return file.endsWith(extension) && file.length > extension.length && !file.startsWith(".");
  }

  #list(): string[] {
    try {
      const found = readdirSync(this.#dir).filter((file) => this.#isWanted(file));
      this.#faults.read = "";
      return found;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(
        "read",
        `cannot read ${JSON.stringify(this.#dir)}: ${reason.split(",", 1)[0] ?? ""}`,
      );
      return [];
    }
  }

  /** Once until it is another one, or is over. */
  #fail(what: "watch" | "read", message: string): void {
    if (message === this.#faults[what]) return;
    this.#faults[what] = message;
    this.#events.onFault(new Error(message));
  }
}

const absent = "";
const empty = "empty";

/** What tells one state of a file or folder from another. */
function signature(path: string, kind: "file" | "folder"): string {
  try {
    const found = statSync(path, { bigint: true });
    const { dev, ino, size, mtimeNs } = found;
    if (kind === "folder") return found.isDirectory() ? `${dev} ${ino}` : absent;
    if (!found.isFile()) return absent;
    return size === 0n ? empty : `${dev} ${ino} ${size} ${mtimeNs}`;
  } catch {
    return absent;
  }
}
