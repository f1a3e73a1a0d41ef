import { basename, dirname } from "node:path";
import { FolderWatch, type FolderWatchOptions } from "./folder-watch.ts";

/** What a watch of one file tells; see FolderEvents. */
export interface FileEvents {
  onFile(path: string): void;
  onGone(path: string): void;
  onFault(error: Error): void;
}

/** Tells when one file, of any name, is there, has changed or has gone. */
export class FileWatch {
  readonly #folder: FolderWatch;

  /** @param path absolute */
  constructor(path: string, events: FileEvents, options: Omit<FolderWatchOptions, "only"> = {}) {
    this.#folder = new FolderWatch(
      dirname(path),
      {
        onFile: () => events.onFile(path),
        onGone: () => events.onGone(path),
        onFault: (error) => events.onFault(error),
      },
      { ...options, only: basename(path) },
    );
  }

  /** Tells at once of the file if it is there. */
  start(): void {
    this.#folder.start();
  }

  stop(): void {
    this.#folder.stop();
  }
}
