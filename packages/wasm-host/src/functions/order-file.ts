import type { BigIntStats } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";

/** An order to install a function, as it is kept. */
export interface OrderRecord {
  /** The body as it came, with the module if that came along. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Where relative paths in it begin. */
  readonly baseDir: string;
}

/** Of records; what a newer version has written is left alone. */
const FORMAT = 1;
const extension = ".json";

/** Name of the file for the order of a function. */
export function fileOf(name: string): string {
  // A name may begin with a dot, which hides files that are on their way.
  return encodeURIComponent(name).replace(/^\./, "%2E") + extension;
}

/** An order as it is kept. */
export function textOfOrder({ body, baseDir }: OrderRecord): string {
  return JSON.stringify({ format: FORMAT, baseDir, body });
}

/** Name of the function whose order a file is; undefined: it is none. */
export function nameOf(file: string): string | undefined {
  if (!file.endsWith(extension) || file.startsWith(".")) return undefined;
  try {
    return decodeURIComponent(file.slice(0, -extension.length));
  } catch {
    return undefined;
  }
}

/** What tells one state of a file from another; undefined: there is none. @throws Error nobody can say */
export async function stateOf(file: string): Promise<string | undefined> {
  try {
    return signature(await stat(file, { bigint: true }));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function signature({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs}`;
}

/** Writes a new file, to the disk. @returns its state, which no renaming changes */
export async function writeNew(path: string, text: string): Promise<string> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    return signature(await file.stat({ bigint: true }));
  } finally {
    await file.close();
  }
}

/** Undefined: there is no such file. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** What is wrong with a file that is no order. */
export function notOurs(file: string): Error {
  return new Error(`"${file}" is no order of this version: remove it, or start the version that wrote it`); // prettier-ignore
}

/** Reads an order; undefined: it is none, or of a newer version. */
export function parseOrder(text: string): OrderRecord | undefined {
  try {
    const { format, baseDir, body } = JSON.parse(text) as Record<string, unknown>;
    const isOurs = format === FORMAT && typeof baseDir === "string";
    if (!isOurs || typeof body !== "object" || body === null) return undefined;
    return { baseDir, body: body as Record<string, unknown> }; // read like a body that came as JSON
  } catch {
    return undefined;
  }
}

/** Code of an error of the system, e.g. `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), "code");
}
