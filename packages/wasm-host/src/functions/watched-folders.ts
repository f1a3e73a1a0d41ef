import type { Logger } from "@layotto/sidecar-kit";
import { FolderWatch, type FolderWatchOptions } from "../install/folder-watch.ts";
import type { Installer } from "./installer.ts";

/** What {@link WatchedFolders} is made with. */
export interface WatchedFoldersOptions {
  /** Absolute paths. */
  readonly folders: readonly string[];
  readonly installer: Pick<Installer, "folderFile" | "folderGone">;
  readonly logger: Logger;
  readonly watch?: Omit<FolderWatchOptions, "only">;
}

/** Installs the modules of folders, each as the function that its file is called like, and follows what becomes of them. */
export class WatchedFolders {
  private readonly options: WatchedFoldersOptions;
  private watches: readonly FolderWatch[] = [];

  constructor(options: WatchedFoldersOptions) {
    this.options = options;
  }

  /** Begins to watch. Resolves when what is there now is installed. */
  async start(): Promise<void> {
    const { folders, installer, logger, watch: options = {} } = this.options;
    let first: Promise<void>[] | undefined = [];
    this.watches = folders.map((folder) => {
      const events = {
        onFile: (name: string, path: string) => {
          const installed = installer.folderFile(name, path);
          first?.push(installed);
        },
        onGone: (name: string, path: string) => void installer.folderGone(name, path),
        onFault: (error: Error) => logger.warn({ folder, reason: error.message }, "watched folder"),
      };
      return new FolderWatch(folder, events, options);
    });
    for (const each of this.watches) each.start();
    const found = first;
    first = undefined;
    await Promise.all(found);
  }

  stop(): void {
    for (const watch of this.watches) watch.stop();
    this.watches = [];
  }
}
