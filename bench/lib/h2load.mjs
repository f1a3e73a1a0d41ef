import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { start } from "./processes.mjs";

/**
 * Sends `count` equal unary gRPC calls with h2load. It judges by HTTP status alone, so the caller
 * counts gRPC statuses by other means.
 *
 * @param {{ port: number } | { path: string }} target TCP on loopback, or a unix socket
 * @param {string} method e.g. `/spec.proto.runtime.v1.Runtime/GetState`
 * @param {Uint8Array} message the request, without its prefix
 * @param {{ clients: number, streams: number, count: number, samples?: boolean }} load
 */
export async function runH2load(target, method, message, load) {
  const amount = ["-n", String(load.count), ...(load.samples ? ["--log-file=log"] : [])];
  return inFolder(message, async (folder) => {
    const text = await drive(folder, target, method, [...amount, ...shape(load)]);
    const samples = load.samples ? percentiles(readFileSync(join(folder, "log"), "utf8")) : {};
    return { ...parse(text), ...samples };
  });
}

/** The same for a time, `load.seconds`; how many calls it makes is not known before. */
export async function runH2loadFor(target, method, message, load) {
  const amount = ["-D", String(load.seconds), "--warm-up-time=0"];
  await inFolder(message, (folder) => drive(folder, target, method, [...amount, ...shape(load)]));
}

function shape({ clients, streams }) {
  return ["-c", String(clients), "-m", String(streams), "-t", "1"];
}

function drive(folder, target, method, load) {
  const args = [
    ...load,
    "-d",
    "body",
    "-H",
    "content-type: application/grpc",
    "-H",
    "te: trailers",
  ];
  if ("path" in target) args.push("-B", `unix:${target.path}`);
  args.push(`http://127.0.0.1:${target.port ?? 80}${method}`);
  return output(start("h2load", args, { cwd: folder }));
}

async function inFolder(message, run) {
  const folder = mkdtempSync(join(tmpdir(), "lay-bench-"));
  try {
    writeFileSync(join(folder, "body"), prefixed(message));
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a run of h2load printed. @throws when it failed */
export async function output(run) {
  let text = "";
  run.child.stdout.on("data", (chunk) => (text += chunk));
  // Its last words may come after its end.
  const closed = new Promise((resolve) => run.child.once("close", resolve));
  const code = await run.exited;
  await closed;
  if (code !== 0) throw new Error(`h2load ended with ${code}: ${run.output}`);
  return text;
}

/** Requests per second and what succeeded. @throws when not all did */
export function parse(text) {
  const number = (pattern) => Number(pattern.exec(text)?.[1] ?? NaN);
  const seconds = durationSeconds(/finished in ([\d.]+)(us|ms|s)/.exec(text));
  const succeeded = number(/, (\d+) succeeded/);
  const total = number(/requests: (\d+) total/);
  if (!(succeeded === total))
    throw new Error(`h2load: ${succeeded} of ${total} succeeded\n${text}`);
  return { seconds, succeeded, perSecond: succeeded / seconds };
}

function durationSeconds(match) {
  const units = { us: 1e-6, ms: 1e-3, s: 1 };
  return Number(match?.[1]) * units[match?.[2] ?? "s"];
}

/** p50 and p99 of the third column of the log: time of each request in µs. */
export function percentiles(log) {
  const times = log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(line.split("\t")[2]))
    .sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { p50: at(0.5), p99: at(0.99) };
}

function prefixed(message) {
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  return body;
}
