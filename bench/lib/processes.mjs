import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
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

/** CPU time of this process and of the children that it has waited for, in µs. */
export function ownMicros() {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  return (fields.reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND) * 1e6;
}

/** CPU time of all cores since boot, in µs: all of it, and the part in which they did not idle. */
export function machineMicros() {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const ticks = line.split(/ +/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, each) => sum + each, 0);
  const scale = 1e6 / TICKS_PER_SECOND;
  return { all: all * scale, busy: (all - (ticks[3] ?? 0) - (ticks[4] ?? 0)) * scale };
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
