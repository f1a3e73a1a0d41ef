import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { readLimited, tooLarge } from "../read-limited.ts";
import { unreadable } from "../unreadable.ts";
import { type Descriptor, verified } from "./descriptor.ts";
import { type TarEntry, readTar } from "./tar.ts";

const moduleTypes = [
  "application/vnd.wasm.content.layer.v1+wasm",
  "application/vnd.module.wasm.content.layer.v1+wasm",
  "application/wasm",
];

const archiveTypes: Readonly<Record<string, { readonly isPacked: boolean }>> = {
  "application/vnd.oci.image.layer.v1.tar": { isPacked: false },
  "application/vnd.oci.image.layer.v1.tar+gzip": { isPacked: true },
  "application/vnd.docker.image.rootfs.diff.tar": { isPacked: false },
  "application/vnd.docker.image.rootfs.diff.tar.gzip": { isPacked: true },
};

/** Whether a layer is a module itself. */
export function isModuleLayer({ mediaType }: Descriptor): boolean {
  return moduleTypes.includes(mediaType);
}

/** Whether a layer is an archive of files that can be read here. */
export function isArchiveLayer({ mediaType }: Descriptor): boolean {
  return Object.hasOwn(archiveTypes, mediaType);
}

/** A layer, its octets and what they may be. */
export interface LayerInput {
  readonly layer: Descriptor;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly maxBytes: number;
  /** The image, for errors. */
  readonly what: string;
}

/**
 * Reads a layer that is a module.
 *
 * @throws WasmError
 */
export async function readModuleLayer({
  layer,
  chunks,
  maxBytes,
  what,
}: LayerInput): Promise<Uint8Array> {
  return readLimited(verified(chunks, layer, what), maxBytes, what, layer.size);
}

/** Changes that a layer makes to the files below it. */
export interface LayerFiles {
  /** Files that end in `.wasm`. */
  readonly modules: readonly (TarEntry & { readonly content: Uint8Array })[];
  /** Paths of files or folders that are no longer there; one that ends in `/` only loses what lower layers put in it. */
  readonly removed: readonly string[];
}

/**
 * Finds the modules in a layer of files. Only one may be in it, so that no more than that is ever held.
 *
 * @throws WasmError
 */
export async function readArchiveLayer(input: LayerInput): Promise<LayerFiles> {
  const { layer, chunks, maxBytes, what } = input;
  const modules: (TarEntry & { content: Uint8Array })[] = [];
  const removed: string[] = [];
  const isPacked = archiveTypes[layer.mediaType]?.isPacked === true;
  const checked = verified(limited(chunks, input), layer, what);
  const plain = isPacked ? unpacked(checked) : checked;
  const visit = (entry: TarEntry): "read" | "skip" => {
    const gone = whiteoutOf(entry.path);
    if (gone !== undefined) removed.push(gone);
    if (gone !== undefined || !entry.path.endsWith(".wasm")) return "skip";
    if (entry.size > maxBytes) throw tooLarge(what, maxBytes);
    if (modules.length > 0) throw several(what, [modules[0]?.path ?? "", entry.path]);
    return "read";
  };
  try {
    for await (const each of readTar(limited(plain, input), visit)) modules.push(each);
  } catch (error) {
    throw unreadable(what, error);
  }
  return { modules, removed };
}

/** The refusal of an image that holds more than one module. */
export function several(what: string, paths: readonly string[]): Error {
  const list = paths.map((path) => JSON.stringify(path)).join(" and ");
  return unreadable(what, new Error(`it holds ${list}: put one module into an image`));
}

/**
 * Checks the announced size of a layer before it is asked for.
 *
 * @throws WasmError MODULE_TOO_LARGE
 */
export function checkSize(layer: Descriptor, maxBytes: number, what: string): void {
  const limit = isModuleLayer(layer) ? maxBytes : archiveLimit(maxBytes);
  if (layer.size > limit) throw tooLarge(what, maxBytes);
}

/** Files beside the module are skipped, but a small archive must not unpack to just anything. */
function archiveLimit(maxBytes: number): number {
  return 2 * maxBytes + 1024 * 1024;
}

async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes, what }: LayerInput,
): AsyncGenerator<Uint8Array> {
  let left = archiveLimit(maxBytes);
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) throw tooLarge(what, maxBytes);
    yield chunk;
  }
}

async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false });
  const gunzip = createGunzip();
  source.once("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk as Uint8Array; // zlib makes nothing else
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** What `.wh.NAME` and `.wh..wh..opq` take away (OCI image spec, layer.md). */
function whiteoutOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/") + 1;
  const [folder, name] = [path.slice(0, slash), path.slice(slash)];
  if (name === ".wh..wh..opq") return folder;
  return name.startsWith(".wh.") ? `${folder}${name.slice(4)}` : undefined;
}
