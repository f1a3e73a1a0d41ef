import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the label in a data directory says. */
type Label = Record<string, unknown>;

/** All files below a folder. */
function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Changes the label by which a data directory says whose it is; returns how to undo that. */
export function relabel(dataDir: string, change: (label: Label) => Label): () => void {
  const file = files(dataDir).find((path) => path.endsWith("layotto.json"));
  if (file === undefined) throw new Error(`no label in ${dataDir}: ${files(dataDir).join(", ")}`);
  const before = readFileSync(file, "utf8");
  writeFileSync(file, JSON.stringify(change(JSON.parse(before) as Label))); // our own file
  return () => writeFileSync(file, before);
}

/** Content of every file, except the table of readers that lmdb keeps beside its data. */
export function snapshot(dir: string): Record<string, string> {
  const kept = files(dir).filter((file) => !file.endsWith("-lock") && !file.endsWith("lock.mdb"));
  return Object.fromEntries(kept.map((file) => [file, readFileSync(file).toString("base64")]));
}
