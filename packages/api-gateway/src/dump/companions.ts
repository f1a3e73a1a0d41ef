import { createHash } from "node:crypto";
import type { DumpFile } from "./dump-file.ts";

/** What is written in place of a configuration that is the same as in the recording before. */
const unchanged = "no_change";

/**
 * The files beside the dump that say under which configuration it was made: `[id of the window]<JSON>`. The static one
 * is what the process was started with, the other what is in force when the recording begins.
 */
export class Companions {
  readonly #static: Companion;
  readonly #live: Companion;

  /** @param file makes a file of this name in the directory of the dump */
  constructor(file: (name: string) => DumpFile) {
    this.#static = new Companion(file("dump_static_conf.log"));
    this.#live = new Companion(file("dump_mem_dump.log"));
  }

  write(id: string, staticConfig: string, liveConfig: string): void {
    this.#static.write(id, staticConfig);
    this.#live.write(id, liveConfig);
  }

  async close(): Promise<void> {
    await Promise.all([this.#static.file.close(), this.#live.file.close()]);
  }
}

class Companion {
  readonly file: DumpFile;
  #digest = "";

  constructor(file: DumpFile) {
    this.file = file;
  }

  write(id: string, text: string): void {
    const digest = createHash("sha256").update(text).digest("hex");
    const isSame = digest === this.#digest;
    this.#digest = digest;
    this.file.append(`[${id}]${isSame ? unchanged : ascii(text)}`);
  }
}

/** JSON says every character in ASCII as well. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
