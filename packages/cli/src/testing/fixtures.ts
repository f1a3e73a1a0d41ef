import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createOutput, type Output } from "../supervisor/output.ts";
import type { ProcessSpec } from "../supervisor/process-spec.ts";

/** The fake process as a file that this Node.js can run, from `src` as from `dist`. */
export const fakeBin = fileURLToPath(
  new URL(`./fake-process${extname(import.meta.url)}`, import.meta.url),
);

/** A process of {@link fakeBin}; `fake` says how it misbehaves. */
export function fakeSpec(overrides: Partial<ProcessSpec> & { fake?: object } = {}): ProcessSpec {
  const { fake, ...rest } = overrides;
  return {
    name: "state",
    kind: "sidecar",
    packageName: "fake-sidecar",
    version: "1.0.0",
    bin: fakeBin,
    config: { fake: fake ?? {} },
    listeners: [],
    components: {},
    memoryComponents: [],
    ...rest,
  };
}

/** A directory of its own with a short path, removed by the caller. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "lay-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Collects output. */
export function captureOutput(): { output: Output; lines: string[] } {
  const lines: string[] = [];
  const write = (text: string): void => void lines.push(text.trimEnd());
  return { output: createOutput({ write, pretty: false, json: false, names: [] }), lines };
}

/** What a fake process says to a connection. */
export interface Greeting {
  name: string;
  generation: number;
  pid: number;
}

/** Connects and reads the greeting. */
export function greet(
  target: { path: string } | { host: string; port: number },
): Promise<Greeting> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ ...target });
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", reject);
    socket.on("close", () => {
      if (text !== "") resolve(JSON.parse(text) as Greeting);
      else reject(new Error("closed without a greeting"));
    });
  });
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until `condition` holds, looking again every 10 ms for at most 20 s. For what only the system can tell. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  for (const endMs = Date.now() + 20_000; Date.now() < endMs;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited 20 s in vain until ${what}`);
}
