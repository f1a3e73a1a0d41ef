// Where things are in this repository, and small file helpers. Needs nothing but Node.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folders that never hold sources of ours. */
const skipped = new Set(["node_modules", "dist", ".git", ".nx", ".cache", ".layotto", "coverage"]);

/** Files below `folder` (absolute), depth first and sorted, without build output and installed packages. */
export function* walk(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) yield* walk(path);
    } else if (entry.isFile()) yield path;
  }
}

/** A path as people write it: relative to the repository, with forward slashes. */
export function shown(path) {
  return relative(root, path).split(sep).join("/");
}

/** @returns {any} the JSON in a file given relative to the repository */
export function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** The packages of the workspace: folder name and package.json. */
export function packages() {
  return readdirSync(join(root, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => ({ name, manifest: readJson(`packages/${name}/package.json`) }));
}

/** Milliseconds as people read them: "340 ms", "12.3 s", "2 min 5 s". */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
