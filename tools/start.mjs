#!/usr/bin/env node
// npm start: installs and builds what is missing, then becomes `layotto start`.
// The command runs in this very process, so signals, exit code and terminal are its own.
import "./lib/node-version.mjs";

const { bootstrap } = await import("./bootstrap.mjs");
await bootstrap();

/**
 * On Ctrl-C the terminal signals this process, and npm, signalled too, hands the signal on. The copy is dropped, because
 * a second signal means "stop at once".
 */
function dropCopiesOfSignals(withinMs) {
  const emit = process.emit;
  const last = new Map();
  process.emit = function emitOnce(name, ...rest) {
    if (name === "SIGINT" || name === "SIGTERM") {
      const now = performance.now();
      const before = last.get(name) ?? -Infinity;
      last.set(name, now);
      if (now - before < withinMs) return true;
    }
    return emit.call(this, name, ...rest);
  };
}
if (process.env.npm_lifecycle_event !== undefined) dropCopiesOfSignals(250);

const { join } = await import("node:path");
const { pathToFileURL } = await import("node:url");
const { root } = await import("./lib/repo.mjs");

const entry = join(root, "packages", "cli", "dist", "main.js");
const args = process.argv.slice(2);
const names = ["-c", "--config"];
const hasConfig = args.some((arg) => names.includes(arg) || arg.startsWith("--config="));
const config = hasConfig ? [] : ["-c", join(root, "config", "config.yaml")];
process.argv = [process.execPath, entry, "start", ...config, ...args];
await import(pathToFileURL(entry).href);
