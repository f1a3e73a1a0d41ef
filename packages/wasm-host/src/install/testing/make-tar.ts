/** A file of an archive. */
export interface TarFile {
  readonly path: string;
  readonly content?: Uint8Array | string;
  /** @default "0", a regular file */
  readonly type?: string;
  /** Written with a size of its own. */
  readonly size?: number;
}

/** Makes an archive; with `isTorn` without its end. */
export function makeTar(files: readonly TarFile[], { isTorn = false } = {}): Buffer {
  const blocks = files.flatMap(({ path, content = "", type = "0", size }) => {
    const data = Buffer.from(content);
    const padding = Buffer.alloc((512 - (data.length % 512)) % 512);
    return [header(path, type, size ?? data.length), data, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(isTorn ? 0 : 1024)]);
}

/** A pax header that gives the next file its path. */
export function paxPath(path: string): TarFile {
  const record = (length: number) => `${length} path=${path}\n`;
  let length = record(0).length;
  while (Buffer.byteLength(record(length)) !== length) length = Buffer.byteLength(record(length));
  return { path: "PaxHeader", type: "x", content: record(length) };
}

function header(path: string, type: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  const slash = path.length > 100 ? path.lastIndexOf("/", 155) : -1;
  block.write(path.slice(slash + 1), 0, 100);
  block.write("0000644\0", 100);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  if (slash > 0) block.write(path.slice(0, slash), 345);
  const sum = block.reduce((total, octet) => total + octet, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
