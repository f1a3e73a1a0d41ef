import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** Creates an empty directory with a short path that disappears when the test ends. */
export function tempDir(test: Pick<TestContext, "after">, prefix = "lay-"): string {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  test.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/**
 * Where free ports are looked for: below those that the system gives to connections and to servers that ask for none
 * (from 32 768 on Linux, from 49 152 elsewhere). One of those could be taken by anybody until it is used.
 */
const PORTS = { first: 20_000, end: 32_000 };
/** Handed out already; their servers may listen only later. */
const given = new Set<number>();

/** Returns a TCP port of 127.0.0.1 that nobody uses at this moment, and nobody is given by chance. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(PORTS.first, PORTS.end);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${PORTS.first} to ${PORTS.end} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
