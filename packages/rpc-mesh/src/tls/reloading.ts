import type { Logger } from "@layotto/sidecar-kit";
import { watchFiles } from "./watch-files.ts";

/** What {@link Reloading} needs to know. */
export interface ReloadingOptions<S, T> {
  /** Files on which the value depends. */
  readonly paths: readonly string[];
  /** Reads the files. @throws Error when one cannot be read */
  readonly read: () => S;
  /** Makes the value of what was read. @throws Error saying what is wrong with it */
  readonly make: (texts: S) => T;
  /** A new value is in use. */
  readonly changed?: (value: T) => void;
  readonly logger: Logger;
}

/** A value made from files, made again when they change. A bad file keeps the value as it was, with one warning. */
export class Reloading<S, T> {
  private current: T | undefined;
  private problem: Error | undefined;
  /** What the value was made of. */
  private source = "";
  private warned = "";
  private readonly options: ReloadingOptions<S, T>;
  private readonly stop: () => void;

  constructor(options: ReloadingOptions<S, T>) {
    this.options = options;
    this.load();
    this.stop = watchFiles(options.paths, () => this.load());
  }

  /** Why the files as they are now cannot be used. */
  get error(): Error | undefined {
    return this.problem;
  }

  /** The last good value; undefined while there never was one. */
  get value(): T | undefined {
    return this.current;
  }

  close(): void {
    this.stop();
  }

  private load(): void {
    try {
      const texts = this.options.read();
      const source = JSON.stringify(texts);
      if (source !== this.source) this.use(this.options.make(texts), source);
      this.problem = undefined;
      this.warned = "";
    } catch (error) {
      this.refuse(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private use(value: T, source: string): void {
    const again = this.current !== undefined;
    this.current = value;
    this.source = source;
    this.options.changed?.(value);
    if (again) this.options.logger.info({ files: this.options.paths }, "certificates reloaded");
  }

  private refuse(error: Error): void {
    this.problem = error;
    if (this.warned === error.message) return;
    this.warned = error.message;
    const text =
      this.current === undefined
        ? "cannot use TLS until its files are mended"
        : "keeping the old certificates, the new files are bad";
    this.options.logger.warn({ reason: error.message, files: this.options.paths }, text);
  }
}
