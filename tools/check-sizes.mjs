#!/usr/bin/env node
// No source file is longer than 400 lines, unless it is listed here with a reason.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, shown, walk } from "./lib/repo.mjs";

const maxLines = 400;

/** Longer files: path → reason. An entry whose file has become shorter is a fault too. */
const allowed = {};

const isSource = (path) => /\.(?:ts|mjs|proto)$/u.test(path) && !path.includes("/src/gen/");
const faults = [];
const used = new Set();

for (const folder of ["packages", "tools", "bench", "proto"]) {
  for (const file of walk(join(root, folder))) {
    const path = shown(file);
    if (!isSource(path) || path.startsWith("proto/")) continue;
    const lines = readFileSync(file, "utf8").split("\n").length - 1;
    if (lines <= maxLines) continue;
    used.add(path);
    if (!(path in allowed)) faults.push(`${path}: ${lines} lines, at most ${maxLines}`);
  }
}
for (const path of Object.keys(allowed))
  if (!used.has(path))
    faults.push(`tools/check-sizes.mjs: "${path}" no longer needs its exception`);

for (const fault of faults) console.error(fault);
console.log(`${faults.length} files too long, ${used.size - faults.length} by exception`);
process.exitCode = faults.length > 0 ? 1 : 0;
