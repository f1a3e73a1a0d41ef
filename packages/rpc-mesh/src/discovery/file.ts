import { readFile } from "node:fs/promises";
import { parseConfig } from "@layotto/sidecar-kit/config";
import { Outage } from "./outage.ts";
import { parseHosts } from "./parse-hosts.ts";
import type { SourceContext, StopSource } from "./source.ts";
import { watchFile } from "./watch-file.ts";

/** More is no list of hosts. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Hosts of a YAML or JSON file. While it is not there or cannot be read, nothing is reported. */
export function fileSource(path: string, context: SourceContext): StopSource {
  const file = new HostsFile(path, context);
  const stopWatch = watchFile(path, context.clock, () => void file.look());
  void file.look();
  return () => {
    stopWatch();
    file.stop();
  };
}

class HostsFile {
  readonly #path: string;
  readonly #context: SourceContext;
  readonly #outage: Outage;
  #text: string | undefined;
  #looking = false;
  #again = false;
  #stopped = false;

  constructor(path: string, context: SourceContext) {
    this.#path = path;
    this.#context = context;
    this.#outage = new Outage(context.logger, `hosts file "${path}"`);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Reads the file and reports what is new in it. Never rejects. One at a time, so that the last content wins. */
  async look(): Promise<void> {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#readOnce();
    }
    this.#looking = false;
  }

  async #readOnce(): Promise<void> {
    try {
      const text = await readFile(this.#path, "utf8");
      if (this.#stopped) return;
      if (text !== this.#text) await this.#take(text);
      this.#outage.over(this);
    } catch (error) {
      if (!this.#stopped) this.#outage.began(this, error);
    }
  }

  async #take(text: string): Promise<void> {
    if (text.length > MAX_BYTES) throw new Error(`the file is larger than ${MAX_BYTES} bytes`);
    const hosts = parseHosts(await parseConfig(this.#path, text.replace(/^\uFEFF/, "")));
    if (this.#stopped) return;
    this.#text = text;
    this.#context.listener(hosts);
  }
}
