// A process that keeps the contract between supervisor and processes and does nothing else. Its section `fake` says
// how it misbehaves. It greets every connection with one line of JSON: name, generation, pid.
import { chmodSync, readFileSync, renameSync, watch } from "node:fs";
import { createServer, type Server } from "node:net";
import { basename, dirname, join } from "node:path";

interface Fault {
  /** Exit with this code instead of becoming ready. */
  exitCode?: number;
  /** Text for stderr before that. */
  stderr?: string;
  /** Throw instead of becoming ready. */
  throws?: string;
  /** Never become ready. */
  hangs?: boolean;
  /** Take no notice of drain. */
  ignoresDrain?: boolean;
  /** Follow the configuration file, and print it whenever it changes. */
  reloads?: boolean;
}

const file = process.argv[process.argv.indexOf("--config") + 1] ?? "";
const config = JSON.parse(readFileSync(file, "utf8")) as { fake?: Fault };
const fault = config.fake ?? {};
const name = process.env["LAYOTTO_NAME"] ?? "";
const generation = Number(process.env["LAYOTTO_GENERATION"]);
const runDir = process.env["LAYOTTO_RUN_DIR"] ?? "";
const expected = (process.env["LAYOTTO_LISTENERS"] ?? "").split(",").filter(Boolean);
const servers: Server[] = [];

if (fault.throws !== undefined) throw new RangeError(fault.throws);
if (fault.exitCode !== undefined) {
  if (fault.stderr !== undefined) console.error(fault.stderr);
  process.exit(fault.exitCode);
}

function greeter(): Server {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(`${JSON.stringify({ name, generation, pid: process.pid })}\n`);
  });
  servers.push(server);
  return server;
}

function drain(): void {
  if (fault.ignoresDrain === true) return;
  console.log(`${name} drains`);
  for (const server of servers) server.close();
  setImmediate(() => process.exit(0));
}

function becomeReady(): void {
  const own = join(runDir, `${name}.${process.pid}.sock`);
  const shared = join(runDir, `${name}.sock`);
  greeter().listen(own, () => {
    chmodSync(own, 0o600);
    renameSync(own, shared);
    process.send?.({ type: "ready", address: `unix:${shared}`, reloads: fault.reloads === true });
  });
  if (fault.reloads !== true) return;
  watch(dirname(file), { persistent: false }, (_event, changed) => {
    if (changed === basename(file))
      console.log(`reloaded ${readFileSync(file, "utf8").replaceAll(/\s/g, "")}`);
  });
}

process.on("message", (message: { type: string; name?: string }, handle) => {
  if (message.type === "drain") drain();
  if (message.type !== "listener") return;
  greeter().listen(handle, () => {
    expected.splice(expected.indexOf(message.name ?? ""), 1);
    if (expected.length === 0 && fault.hangs !== true) becomeReady();
  });
});
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", drain);
console.log(`${name} starts`);
if (expected.length === 0 && fault.hangs !== true) becomeReady();
