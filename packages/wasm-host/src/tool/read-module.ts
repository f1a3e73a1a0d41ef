import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Terminal } from "./terminal.ts";
import { codeOf, ExitCode, messageOf, ToolError } from "./tool-error.ts";

/** Reads a file that the user named. @param cure what to do when it cannot be read */
export async function readNamedFile(
  terminal: Terminal,
  file: string,
  cure: string,
): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(resolve(terminal.folder, file)));
  } catch (error) {
    const why =
      codeOf(error) === "ENOENT"
        ? "there is no such file"
        : codeOf(error) === "EISDIR"
          ? "it is a folder"
          : messageOf(error);
    throw new ToolError(`Cannot read "${file}": ${why}; ${cure}`, ExitCode.unavailable);
  }
}

/** Reads the file of a module. */
export async function readModuleFile(terminal: Terminal, file: string): Promise<Uint8Array> {
  return await readNamedFile(terminal, file, "give the path of a .wasm file");
}
