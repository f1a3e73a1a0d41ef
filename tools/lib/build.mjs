// Compiles what has changed, with TypeScript's own incremental build.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { duration, root } from "./repo.mjs";

/** Runs `tsc -b`; its report goes to stderr. @throws an Error of one line when something does not compile */
export async function build() {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const first = !existsSync(join(root, "packages", "cli", "dist", "main.js"));
  if (first) process.stderr.write("Building …\n");
  const began = performance.now();
  const code = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [compiler, "-b"], { cwd: root, stdio: ["ignore", 2, 2] });
    child.on("error", reject);
    child.on("close", (value) => resolve(value ?? 1));
  });
  if (code !== 0) throw new Error("Cannot build: the sources do not compile; the report is above");
  if (first) process.stderr.write(`Built in ${duration(performance.now() - began)}\n`);
}
