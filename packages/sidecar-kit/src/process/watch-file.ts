import { type FSWatcher, readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Options of {@link watchFile}. */
export interface WatchOptions {
  /** A change counts once this long nothing more has happened: files are seldom written in one go. @default 100 */
  quietMs?: number;
  /** For what makes no events (links to other folders, network file systems, a folder made anew). @default 2000 */
  pollMs?: number;
}

/**
 * Calls back when the content of a file has changed, however: written in place, replaced by a rename, or reached
 * through links that were exchanged, as Kubernetes does with `..data`. A file that is away for a moment has not
 * changed. Keeps no process alive.
 *
 * @returns how to stop
 */
export function watchFile(
  path: string,
  changed: () => void,
  options: WatchOptions = {},
): () => void {
  const watched = new WatchedFile(path, changed, options);
  return () => watched.stop();
}

class WatchedFile {
  readonly #path: string;
  readonly #changed: () => void;
  readonly #quietMs: number;
  readonly #poll: NodeJS.Timeout;
  #content: string | undefined;
  #watcher: FSWatcher | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(path: string, changed: () => void, { quietMs = 100, pollMs = 2000 }: WatchOptions) {
    this.#path = path;
    this.#changed = changed;
    this.#quietMs = quietMs;
    this.#watch();
    this.#content = read(path);
    this.#poll = setInterval(() => this.#look(), pollMs).unref();
  }

  stop(): void {
    this.#unwatch();
    clearTimeout(this.#quiet);
    clearInterval(this.#poll);
  }

  /** The folder, not the file: a file that takes its place is another file. */
  #watch(): void {
    const own = basename(this.#path);
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_event, name) => {
        // Kubernetes exchanges the link "..data", which no ordinary file is called like.
        if (name === own || name === null || name.startsWith("..")) this.#soon();
      });
      this.#watcher.on("error", () => this.#unwatch());
    } catch {
      // No such folder at present, or no watches left: looking again finds it.
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #soon(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#compare(), this.#quietMs).unref();
  }

  /** Watches anew each time: a folder that was deleted and made again is not the one that was watched. */
  #look(): void {
    this.#unwatch();
    this.#watch();
    if (differs(read(this.#path), this.#content)) this.#soon();
  }

  #compare(): void {
    const content = read(this.#path);
    if (!differs(content, this.#content)) return;
    this.#content = content;
    this.#changed();
  }
}

function differs(now: string | undefined, before: string | undefined): boolean {
  return now !== undefined && now !== before;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
