import { ConfigError, pathText } from "./config/fault.ts";
import type { CommonConfig } from "./config/process-config.ts";
import { type ProcessConfig, readProcess } from "./config/read-process.ts";
import { type LoggerRoot, parseLogLevel } from "./logger.ts";
import { watchFile, type WatchOptions } from "./process/watch-file.ts";
import type { Sidecar, SidecarParts } from "./sidecar.ts";

/** What is running, and from which file. */
export interface ReloadInput {
  readonly file: string;
  readonly sidecars: readonly Sidecar[];
  /** What their `create` returned, in the same order. */
  readonly parts: readonly SidecarParts[];
  /** What they were created with, in the same order. */
  readonly configs: readonly unknown[];
  readonly common: CommonConfig;
  readonly logger: LoggerRoot;
}

/** Whether a change of the configuration can reach any of them while they run. */
export function canReload(parts: readonly SidecarParts[]): boolean {
  return parts.some((part) => part.reload !== undefined);
}

/**
 * Follows the configuration file of a process: a good one whose sections have changed goes to the sidecars that take
 * it; a bad one is refused with one report, and the old one stays. Also takes over a changed log level.
 *
 * @returns how to stop
 */
export function followConfig(input: ReloadInput, options?: WatchOptions): () => void {
  const reloader = new Reloader(input);
  const stop = watchFile(input.file, () => reloader.look(), options);
  // It may have changed since it was read.
  reloader.look();
  return () => {
    reloader.stopped = true;
    stop();
  };
}

class Reloader {
  stopped = false;
  readonly #input: ReloadInput;
  /** As JSON: what the sidecars have now. */
  readonly #present: string[];
  #level: string | undefined;
  #busy = false;
  #again = false;

  constructor(input: ReloadInput) {
    this.#input = input;
    this.#present = input.configs.map((config) => JSON.stringify(config));
    this.#level = input.common.logLevel;
  }

  /** Looks at the file; what comes while it does so is looked at afterwards. */
  look(): void {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      await this.#once();
    } while (this.#again && !this.stopped);
    this.#busy = false;
  }

  async #once(): Promise<void> {
    try {
      const { file, sidecars } = this.#input;
      const fresh = await readProcess(file, sidecars);
      if (!this.stopped) await this.#apply(fresh);
    } catch (err) {
      this.#refused(err);
    }
  }

  async #apply({ common, configs, warnings }: ProcessConfig): Promise<void> {
    const { logger } = this.#input;
    this.#setLevel(common.logLevel);
    const changed = configs.map((config, i) => JSON.stringify(config) !== this.#present[i]);
    if (!changed.includes(true)) return;
    for (const warning of warnings) {
      logger.warn({ path: pathText(warning.path) }, warning.message);
    }
    for (const [index, config] of configs.entries()) {
      if (changed[index] === true) await this.#hand(index, config);
    }
  }

  async #hand(index: number, config: unknown): Promise<void> {
    const { sidecars, parts, logger } = this.#input;
    const sections = sidecars[index]?.sections.join(", ");
    const part = parts[index];
    const before = this.#present[index] ?? "";
    this.#present[index] = JSON.stringify(config);
    if (part?.reload === undefined) {
      logger.warn({ sections }, "changed configuration takes effect when the process starts again");
      return;
    }
    try {
      await part.reload(config);
      logger.info({ sections }, "changed configuration taken over");
    } catch (err) {
      // Refused as a whole. After any other error nobody knows what is in force: the next change of the file, back to
      // the old one too, is handed over again.
      if (err instanceof ConfigError) this.#present[index] = before;
      this.#refused(err);
    }
  }

  #refused(err: unknown): void {
    const { logger } = this.#input;
    if (err instanceof ConfigError) {
      logger.error({ report: err.report }, "changed configuration refused, the old one stays");
    } else logger.error({ err }, "cannot take over the changed configuration");
  }

  /** Levels that were set by hand stay until the file says another one. */
  #setLevel(word: string | undefined): void {
    if (word === this.#level) return;
    this.#level = word;
    const level = parseLogLevel(word ?? "info") ?? "info";
    this.#input.logger.setLevel("", level);
    this.#input.logger.info({ level }, "log level changed");
  }
}
