/**
 * A module that threads and processes begin with: it lies beside the one that starts it, in the sources as in what is
 * built of them.
 *
 * @param from `import.meta.url` of who starts it
 * @param name without extension
 */
export function siblingFile(from: string, name: string): URL {
  const extension = from.endsWith(".ts") ? "ts" : "js";
  return new URL(`./${name}.${extension}`, from);
}
