import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fakeBin } from "./fixtures.ts";

const main = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));

/** A running or ended `layotto` command. */
export interface LayottoRun {
  child: ChildProcess;
  /** What it printed so far. */
  stdout: () => string;
  stderr: () => string;
  /** Resolves with the exit code, or with the name of the signal that ended it. */
  ended: Promise<number | string>;
  /** Resolves when stdout contains `text`. */
  printed: (text: string) => Promise<void>;
}

/** Runs the command as a user does, from the same files as this test. */
export function runLayotto(
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): LayottoRun {
  const child = spawn(process.execPath, [...process.execArgv.filter(isCondition), main, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  const waiting = new Map<string, () => void>();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[stream] += chunk;
      for (const [wanted, found] of waiting) if (text.stdout.includes(wanted)) found();
    });
  }
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  const printed = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (text.stdout.includes(wanted)) return resolve();
      waiting.set(wanted, resolve);
      void ended.then(() =>
        reject(new Error(`ended without printing "${wanted}":\n${text.stdout}${text.stderr}`)),
      );
    });
  return { child, stdout: () => text.stdout, stderr: () => text.stderr, ended, printed };
}

function isCondition(argument: string): boolean {
  return argument.startsWith("--conditions");
}

/** Writes packages of fake processes and a configuration that uses them; returns the path of the file. */
export function writeInstallation(directory: string, config: Record<string, unknown>): string {
  writePackage(directory, "fake-gateway", "gateway", ["gateway"]);
  writePackage(directory, "fake-sidecar", "fake", ["fake", "other"]);
  const file = join(directory, "layotto.json");
  const common = {
    packages: ["./fake-gateway", "./fake-sidecar"],
    run_dir: join(directory, "run"),
    gateway: { listen: "127.0.0.1:0", actuator: "127.0.0.1:0" },
  };
  writeFileSync(file, JSON.stringify({ ...common, ...config }));
  return file;
}

function writePackage(directory: string, folder: string, name: string, sections: string[]): void {
  const path = join(directory, folder);
  mkdirSync(path, { recursive: true });
  const layotto = { name, sections, bin: relative(path, fakeBin), schema: "./schema.json" };
  writeFileSync(
    join(path, "package.json"),
    JSON.stringify({ name: folder, version: "1.0.0", layotto }),
  );
  const fields = { exitCode: { type: "integer" }, stderr: { type: "string" } };
  const fault = { type: "object", additionalProperties: false, properties: fields };
  const properties = {
    gateway: { type: "object" },
    fake: {
      ...fault,
      properties: {
        ...fields,
        ignoresDrain: { type: "boolean" },
        reloads: { type: "boolean" },
        value: { type: "integer" },
      },
    },
    other: { type: "object" },
  };
  const own = Object.fromEntries(
    Object.entries(properties).filter(([key]) => sections.includes(key)),
  );
  writeFileSync(join(path, "schema.json"), JSON.stringify({ type: "object", properties: own }));
}
