import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** Clock ticks per second of /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const STOP_MS = 10_000;

const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of running) child.kill("SIGKILL");
    process.exit(1);
  });
}
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a program. What it says is kept and shown when it ends too early.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions & { ipc?: boolean }} [options]
 */
export function start(command, args, options = {}) {
  const { ipc = false, ...rest } = options;
  const stdio = ["ignore", "pipe", "pipe", ...(ipc ? ["ipc"] : [])];
  const child = spawn(command, args, { stdio, ...rest });
  const process = { child, pid: child.pid, output: "" };
  const keep = (chunk) => (process.output = (process.output + chunk).slice(-8_192));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  running.add(child);
  process.exited = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code ?? signal));
  }).finally(() => running.delete(child));
  return process;
}

/** Asks a process to end; kills it when it takes longer than 10 s. */
export async function stop({ child, exited }) {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exited;
  clearTimeout(timer);
}

/** Waits until `check` returns something true, looking every `everyMs`; ends when `process` does. */
export async function waitUntil(what, check, { process, timeoutMs = 20_000, everyMs = 10 } = {}) {
  const end = performance.now() + timeoutMs;
  let ended;
  void process?.exited.then((code) => (ended = { code }));
  for (;;) {
    const found = await check();
    if (found) return found;
    if (ended) throw new Error(`${what}: process ended with ${ended.code}:\n${process.output}`);
    if (performance.now() > end) {
      throw new Error(`${what}: not within ${timeoutMs} ms\n${process?.output ?? ""}`);
    }
    await pause(everyMs);
  }
}

/** CPU time that a process has used so far, user and system, all threads, in µs. */
export function cpuMicros(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** Memory of a process in KiB: resident, and its share of it (pages shared with others divided). */
export function memoryKib(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? NaN);
  return { rss: field("Rss"), pss: field("Pss") };
}

/** Processes started by `pid`, directly or not, with their command lines. */
export function descendants(pid) {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(name), parent, command }];
      } catch {
        return []; // ended while we looked
      }
    });
  const found = new Set([pid]);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const entry of all) if (found.has(entry.parent)) found.add(entry.pid);
  }
  return all.filter((entry) => entry.pid !== pid && found.has(entry.pid));
}

/** A loopback port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Path of a program on PATH, or undefined. */
export function which(name) {
  const folders = (process.env.PATH ?? "").split(":");
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
}
