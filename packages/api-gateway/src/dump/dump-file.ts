import { constants } from "node:fs";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** Bounds of a {@link DumpFile}. */
export interface DumpFileOptions {
  readonly path: string;
  /** A file that has reached this size is set aside as `.1`, the one before as `.2` and so on. */
  readonly maxFileBytes: number;
  /** Files that are kept in all. */
  readonly maxFiles: number;
  /** Text that may wait for the disk. */
  readonly maxBufferBytes: number;
  /** Told about each failure to write; what was to be written is lost. */
  readonly onError: (error: unknown) => void;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/** Appends lines to a file of mode 0600, in the background; bounded in what waits and in what lies on the disk. */
export class DumpFile {
  readonly #options: DumpFileOptions;
  #lines: string[] = [];
  #waiting = 0;
  #writing: Promise<void> | undefined;
  #handle: FileHandle | undefined;
  #size = 0;

  constructor(options: DumpFileOptions) {
    this.#options = options;
  }

  /** Takes a line, without its end; false: too much waits already, and it is not taken. ASCII only. */
  append(line: string): boolean {
    const bytes = line.length + 1;
    if (this.#waiting + bytes > this.#options.maxBufferBytes) return false;
    this.#waiting += bytes;
    this.#lines.push(line);
    this.#writing ??= this.#writeAll();
    return true;
  }

  /** Resolves when everything taken so far is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    await this.flush();
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #writeAll(): Promise<void> {
    // What the present turn of the event loop records goes out in one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#lines.length > 0) {
      const text = `${this.#lines.join("\n")}\n`;
      this.#lines = [];
      try {
        await this.#write(text);
      } catch (error) {
        await this.#drop();
        this.#options.onError(error);
      }
      this.#waiting -= text.length;
    }
    this.#writing = undefined;
  }

  async #write(text: string): Promise<void> {
    const { maxFileBytes } = this.#options;
    if (this.#handle !== undefined && this.#size + text.length > maxFileBytes && this.#size > 0)
      await this.#rotate();
    this.#handle ??= await this.#open();
    await this.#handle.appendFile(text, "latin1");
    this.#size += text.length;
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
    try {
      await handle.chmod(0o600);
      this.#size = (await handle.stat()).size;
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    const { path, maxFiles } = this.#options;
    await this.#drop();
    if (maxFiles === 1) return rm(path, { force: true });
    for (let number = maxFiles - 1; number > 0; number -= 1) {
      const from = number === 1 ? path : `${path}.${number - 1}`;
      await rename(from, `${path}.${number}`).catch(ignoreMissing);
    }
  }

  async #drop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#size = 0;
    await handle?.close().catch(() => {});
  }
}

function ignoreMissing(error: unknown): void {
  if (Reflect.get(Object(error), "code") !== "ENOENT") throw error;
}
