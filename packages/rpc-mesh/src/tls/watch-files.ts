import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Changes that come together are seen as one: a certificate and its key are rarely written at once. */
const settleMs = 100;
/** What no event tells (network file systems, symlinks that lead elsewhere) is found by reading. */
const pollMs = 5000;

/** One file that somebody watches; shared by all who do. */
class WatchedFile {
  readonly listeners = new Set<() => void>();
  private content: string | undefined;
  private reading: Promise<void> | undefined;
  private watcher: FSWatcher | undefined;
  private settle: NodeJS.Timeout | undefined;
  private readonly poll: NodeJS.Timeout;
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.poll = setInterval(() => this.look(), pollMs).unref();
    this.watchDirectory();
    this.look();
  }

  close(): void {
    clearInterval(this.poll);
    clearTimeout(this.settle);
    this.watcher?.close();
  }

  /** The directory, not the file: a rename over the file, or of the `..data` link beside it, is seen there. */
  private watchDirectory(): void {
    if (this.watcher !== undefined) return;
    try {
      const watcher = watch(dirname(this.path), { persistent: false }, () => this.soon());
      watcher.on("error", () => this.unwatch(watcher));
      this.watcher = watcher;
    } catch {
      // The directory is not there yet: found by reading.
    }
  }

  private unwatch(watcher: FSWatcher): void {
    watcher.close();
    if (this.watcher === watcher) this.watcher = undefined;
  }

  private soon(): void {
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.look(), settleMs).unref();
  }

  private look(): void {
    this.watchDirectory();
    this.reading ??= this.compare().finally(() => (this.reading = undefined));
  }

  private async compare(): Promise<void> {
    const content = await readFile(this.path, "latin1").catch(() => "");
    const before = this.content;
    this.content = content;
    if (before === content) return;
    // The first look tells as well: the file may have changed between its reader and this watch.
    for (const listener of [...this.listeners]) listener();
  }
}

const watched = new Map<string, WatchedFile>();

/**
 * Calls back when the content of a file changes, however it was replaced: written in place, renamed over, or a symbolic
 * link on its way exchanged. It may call back when nothing has changed. Keeps no process alive.
 *
 * @returns ends it
 */
export function watchFiles(paths: Iterable<string>, changed: () => void): () => void {
  const own = new Set(paths);
  const listener = (): void => changed();
  for (const path of own) listen(path, listener);
  return () => {
    for (const path of own) unlisten(path, listener);
    own.clear();
  };
}

function listen(path: string, listener: () => void): void {
  let file = watched.get(path);
  if (file === undefined) {
    file = new WatchedFile(path);
    watched.set(path, file);
  }
  file.listeners.add(listener);
}

function unlisten(path: string, listener: () => void): void {
  const file = watched.get(path);
  if (file === undefined) return;
  file.listeners.delete(listener);
  if (file.listeners.size > 0) return;
  file.close();
  watched.delete(path);
}
