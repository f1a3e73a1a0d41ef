import { readFile } from "node:fs/promises";
import type { Logger } from "@layotto/sidecar-kit";
import { parseConfig } from "@layotto/sidecar-kit/config";
import { watchFile } from "@layotto/sidecar-kit/process";

/** What {@link RulesFile} needs. */
export interface RulesFileOptions {
  readonly path: string;
  /** Takes what the file says; returns why it cannot be used. */
  readonly apply: (content: unknown) => string | undefined;
  readonly logger: Logger;
}

/** A file of rules that is read when it changes. One that is missing or wrong changes nothing and is complained of. */
export class RulesFile {
  readonly #options: RulesFileOptions;
  #complaint = "";
  #stop: (() => void) | undefined;
  #closed = false;
  /** Changes are read one after the other. */
  #reading = Promise.resolve();

  constructor(options: RulesFileOptions) {
    this.#options = options;
  }

  /** Why the file as it is now is not in force; empty when it is. */
  get complaint(): string {
    return this.#complaint;
  }

  /** Reads the file, and again whenever it changes; resolves after the first time. */
  start(): Promise<void> {
    this.#stop = watchFile(this.#options.path, () => void this.#read());
    return this.#read();
  }

  close(): void {
    this.#closed = true;
    this.#stop?.();
  }

  #read(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readOnce());
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    const { path, logger } = this.#options;
    const why = await this.#apply();
    if (this.#closed) return;
    if (why === "") logger.info({ path }, "flow rules read");
    else logger.error({ path, why }, "Cannot use the file of flow rules: the rules before it stay");
    this.#complaint = why;
  }

  /** Why the content cannot be used; empty when it is in force. */
  async #apply(): Promise<string> {
    const { path, apply } = this.#options;
    try {
      const content = await parseConfig(path, await readFile(path, "utf8"));
      return this.#closed ? "" : (apply(content) ?? "");
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
