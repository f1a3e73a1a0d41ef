import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { output, parse, percentiles } from "./h2load.mjs";
import { start } from "./processes.mjs";

/**
 * Sends `count` GET requests over HTTP/1.1 with h2load; every answer must be a 2xx.
 *
 * @param {{ port: number, path?: string, headers?: Record<string, string> }} target on loopback; path default `/echo`
 * @param {{ clients: number, streams: number, count: number }} load
 */
export async function runHttp1(
  { port, path = "/echo", headers = {} },
  { clients, streams, count },
) {
  const folder = mkdtempSync(join(tmpdir(), "lay-bench-"));
  try {
    const shape = ["-c", String(clients), "-m", String(streams), "-t", "1", "--log-file=log"];
    const extra = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const url = `http://127.0.0.1:${port}${path}`;
    const args = ["--h1", "-n", String(count), ...shape, ...extra, url];
    const text = await output(start("h2load", args, { cwd: folder }));
    return { ...parse(text), ...percentiles(readFileSync(join(folder, "log"), "utf8")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
