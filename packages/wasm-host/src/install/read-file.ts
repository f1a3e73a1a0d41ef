import { type FileHandle, open, stat } from "node:fs/promises";
import { readLimited } from "./read-limited.ts";
import { unreadable } from "./unreadable.ts";

const chunkBytes = 256 * 1024;

/**
 * Reads a regular file.
 *
 * @throws WasmError SOURCE_UNREADABLE, MODULE_TOO_LARGE
 */
export async function readModuleFile(
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    return await readLimited(chunksOf(file, signal), maxBytes, path, size);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for whoever writes into it.
    if (!(await stat(path)).isFile()) throw new Error("it is not a file");
    return await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The octets of an open file. */
async function* chunksOf(file: FileHandle, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The octets of a file, for those who check the size themselves. */
export async function* fileChunks(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = await openFile(path);
  try {
    yield* chunksOf(file, signal);
  } finally {
    await file.close();
  }
}
