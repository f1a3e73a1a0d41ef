import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Finds a program that a test drives: in `$LAYOTTO_TOOLS_DIR` first, then on PATH.
 *
 * @param names the names it goes by, the best first
 * @returns its path, or undefined when it is not installed
 */
export function findTool(...names: readonly string[]): string | undefined {
  const folders = [
    process.env["LAYOTTO_TOOLS_DIR"],
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  for (const folder of folders) {
    if (folder === undefined || folder === "") continue;
    for (const name of names) if (isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

/** The `skip` option of a test that needs a program: false, or the reason shown. */
export function skipWithout(tool: string | undefined, name: string): string | false {
  return tool === undefined
    ? `install ${name} (PATH or $LAYOTTO_TOOLS_DIR) to run this: not found`
    : false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
