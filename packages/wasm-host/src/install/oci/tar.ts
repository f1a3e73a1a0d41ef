/** A regular file in an archive. */
export interface TarEntry {
  /** Without `./` in front. */
  readonly path: string;
  readonly size: number;
}

/** Chooses what becomes of a file: its content is collected or skipped. */
export type TarVisitor = (entry: TarEntry) => "read" | "skip";

const blockBytes = 512;
/** Long names are at most so long. */
const maxNameBytes = 64 * 1024;
/** Headers that may stand between a long name and its file: a link's target, and pax for all files. */
const aboutOthers = ["K", "g"];

/**
 * Goes through an archive (POSIX ustar, pax, and GNU's long names) and yields the files that the visitor wants.
 *
 * @throws Error when it is no archive or is torn
 */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  visit: TarVisitor,
): AsyncGenerator<TarEntry & { readonly content: Uint8Array }> {
  const input = new ChunkReader(chunks);
  try {
    yield* entriesOf(input, visit);
    await input.drain();
  } finally {
    await input.close();
  }
}

async function* entriesOf(
  input: ChunkReader,
  visit: TarVisitor,
): AsyncGenerator<TarEntry & { readonly content: Uint8Array }> {
  let longName: string | undefined;
  for (;;) {
    const block = await input.take(blockBytes);
    if (block === undefined) throw new Error("the archive ends too early");
    if (block.every((octet) => octet === 0)) return;
    const header = readHeader(block);
    const padding = (blockBytes - (header.size % blockBytes)) % blockBytes;
    const isName = header.type === "x" || header.type === "L";
    const entry = { path: plainPath(longName ?? header.path), size: header.size };
    const isWanted = isName
      ? header.size <= maxNameBytes
      : isFile(header.type) && visit(entry) === "read";
    const content = await input.content(header.size, isWanted);
    await input.content(padding, false);
    if (isName) longName = nameOf(header.type, content) ?? longName;
    else if (!aboutOthers.includes(header.type)) longName = undefined;
    if (!isName && isWanted) yield { ...entry, content };
  }
}

interface Header {
  readonly path: string;
  readonly size: number;
  readonly type: string;
}

function isFile(type: string): boolean {
  return type === "0" || type === "\0" || type === "7";
}

function readHeader(block: Uint8Array): Header {
  const at = (from: number, to: number) => {
    const text = Buffer.from(block.subarray(from, to)).toString("utf8");
    return text.split("\0", 1)[0] ?? "";
  };
  const sum = block.reduce((total, octet, i) => total + (i >= 148 && i < 156 ? 32 : octet), 0);
  if (Number.parseInt(at(148, 156), 8) !== sum) throw new Error("it is no tar archive");
  const size = Number.parseInt(at(124, 136) || "0", 8);
  if (!Number.isSafeInteger(size) || size < 0)
    throw new Error("the archive has a file without size");
  const prefix = at(257, 262) === "ustar" ? at(345, 500) : "";
  const path = prefix === "" ? at(0, 100) : `${prefix}/${at(0, 100)}`;
  return { path, size, type: String.fromCharCode(block[156] ?? 0) };
}

/** The name that the next file has: GNU's `L`, or `path` of pax's `x`. */
function nameOf(type: string, content: Uint8Array): string | undefined {
  const text = Buffer.from(content).toString("utf8");
  if (type === "L") return text.split("\0", 1)[0];
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}

function plainPath(path: string): string {
  return path.replace(/^(\.?\/)+/, "");
}

/** Takes so many octets of chunks of any size. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Undefined: there is nothing more. */
  async take(size: number): Promise<Uint8Array | undefined> {
    if (!(await this.#more())) return undefined;
    return this.content(size, true);
  }

  /** @param isWanted otherwise the octets are skipped and nothing is returned */
  async content(size: number, isWanted: boolean): Promise<Uint8Array> {
    const content = new Uint8Array(isWanted ? size : 0);
    for (let done = 0; done < size;) {
      if (!(await this.#more())) throw new Error("the archive ends too early");
      const part = this.#rest.subarray(0, size - done);
      if (isWanted) content.set(part, done);
      this.#rest = this.#rest.subarray(part.length);
      done += part.length;
    }
    return content;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async drain(): Promise<void> {
    do this.#rest = new Uint8Array();
    while (await this.#more());
  }

  async #more(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#rest = next.value;
    }
    return true;
  }
}
