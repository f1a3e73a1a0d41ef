import { basename, dirname } from "node:path";
import type { Logger } from "@layotto/sidecar-kit";
import { isFunctionName } from "../config/read-function.ts";
import { FileWatch } from "../install/file-watch.ts";
import { FolderWatch, type FolderWatchOptions } from "../install/folder-watch.ts";

/** A watch of one file or of the modules in a folder. */
interface Watch {
  start(): void;
  stop(): void;
}

/** What {@link ModuleFiles} is made with. */
export interface ModuleFilesOptions {
  /** A file is there or has changed since {@link ModuleFiles.set} named it. */
  readonly onChange: (path: string) => void;
  readonly logger: Logger;
  readonly watch?: Omit<FolderWatchOptions, "only">;
}

/** Watches the files of functions, wherever they are: with one watch for all in the same folder. */
export class ModuleFiles {
  private readonly options: ModuleFilesOptions;
  private wanted: ReadonlySet<string> = new Set();
  /** By folder, or by file for those that no function could be called like. */
  private readonly watches = new Map<string, Watch>();

  constructor(options: ModuleFilesOptions) {
    this.options = options;
  }

  /** Watches these files and no others. What is there already is not told. */
  set(paths: ReadonlySet<string>): void {
    const keys = new Set([...paths].map(keyOf));
    for (const [key, watch] of this.watches) {
      if (keys.has(key)) continue;
      watch.stop();
      this.watches.delete(key);
    }
    // Watches tell at once of what is there: whoever names a file reads it first anyway.
    this.wanted = new Set();
    for (const key of keys)
      if (!this.watches.has(key)) this.watches.set(key, this.begin(key, paths));
    this.wanted = paths;
  }

  stop(): void {
    this.set(new Set());
  }

  private begin(key: string, paths: ReadonlySet<string>): Watch {
    const { watch: options = {}, logger, onChange } = this.options;
    const tell = (path: string): void => {
      if (this.wanted.has(path)) onChange(path);
    };
    // What is wrong with a file, reading it says better.
    const onFault = (error: Error): void => logger.debug({ path: key, err: error }, "watching");
    const watch = paths.has(key)
      ? new FileWatch(key, { onFile: tell, onGone: () => {}, onFault }, options)
      : new FolderWatch(key, { onFile: (_name, path) => tell(path), onGone: () => {}, onFault }, options); // prettier-ignore
    watch.start();
    return watch;
  }
}

/** Folder of a file that a watch of its folder tells of, otherwise the file itself. */
function keyOf(path: string): string {
  const file = basename(path);
  const isTold = file.endsWith(".wasm") && isFunctionName(file.slice(0, -".wasm".length));
  return isTold && !file.startsWith(".") ? dirname(path) : path;
}
