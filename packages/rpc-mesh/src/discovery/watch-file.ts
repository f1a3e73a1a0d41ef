import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock, Timer } from "@layotto/sidecar-kit";

/** Events come in bursts, and a file that is written in place is half empty for a moment. */
const QUIET_MS = 50;
/** For what makes no events: a link to another folder, network file systems, a folder that was made anew. */
const POLL_MS = 2000;
/** The link that Kubernetes swaps when a mounted ConfigMap or Secret changes. */
const KUBERNETES_LINK = "..data";

/**
 * Calls back when a file may have changed, whichever way: written in place, replaced by a rename, or through links on
 * the way to it. Also when it has not: the caller compares.
 *
 * @returns how to stop
 */
export function watchFile(path: string, clock: Clock, changed: () => void): () => void {
  const watched = new WatchedFile(path, clock, changed);
  return () => watched.stop();
}

class WatchedFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #watcher: FSWatcher | undefined;
  #quiet: Timer | undefined;
  #poll: Timer | undefined;

  constructor(path: string, clock: Clock, changed: () => void) {
    this.#path = path;
    this.#clock = clock;
    this.#changed = changed;
    this.#watch();
    this.#pollLater();
  }

  stop(): void {
    this.#unwatch();
    this.#quiet?.cancel();
    this.#poll?.cancel();
  }

  /** The folder, not the file: a replaced file is another file. */
  #watch(): void {
    const names = new Set<string | null>([basename(this.#path), KUBERNETES_LINK, null]);
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_event, name) => {
        if (names.has(name)) this.#event();
      });
      this.#watcher.on("error", () => this.#unwatch());
    } catch {
      // No such folder yet, or no watches left: polling finds it.
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #event(): void {
    this.#quiet?.cancel();
    this.#quiet = this.#clock.after(QUIET_MS, this.#changed);
  }

  #pollLater(): void {
    this.#poll = this.#clock.after(POLL_MS, () => {
      // Made anew each time: a folder that was deleted and made again has another watch.
      this.#unwatch();
      this.#watch();
      this.#changed();
      this.#pollLater();
    });
  }
}
