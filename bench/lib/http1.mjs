import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { output, parse, percentiles } from "./h2load.mjs";
import { start } from "./processes.mjs";

/**
 * Sends `count` GET requests over HTTP/1.1 with h2load; every answer must be a 2xx.
 *
 * @param {{ port: number }} target on loopback
 * @param {{ clients: number, streams: number, count: number }} load
 */
export async function runHttp1({ port }, { clients, streams, count }) {
  const folder = mkdtempSync(join(tmpdir(), "lay-bench-"));
  try {
    const shape = ["-c", String(clients), "-m", String(streams), "-t", "1", "--log-file=log"];
    const args = ["--h1", "-n", String(count), ...shape, `http://127.0.0.1:${port}/echo`];
    const text = await output(start("h2load", args, { cwd: folder }));
    return { ...parse(text), ...percentiles(readFileSync(join(folder, "log"), "utf8")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
