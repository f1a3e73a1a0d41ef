import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcClient } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { type CommandResult, layotto as runLayotto, layottoMain } from "./command.ts";
import { killHard, processesOf } from "./processes.ts";

/** How {@link startLayotto} starts. */
export interface StartOptions {
  /** Flat configuration; addresses and directories that it leaves out are free ones of the run. */
  config?: Readonly<Record<string, unknown>>;
  /** A whole file instead of `config`; its ports must be free. */
  text?: string;
  /** Further arguments of `layotto start`. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Data of an earlier run. Default: an empty directory of this run. */
  dataDir?: string;
  /** Run directory of an earlier run. Default: one of this run. */
  runDir?: string;
  /** What goes into the run's folder before the start, e.g. packages. */
  prepare?: (dir: string) => void | Promise<void>;
  /** Time until all processes are ready or have failed once, ms. @default 40000 */
  timeoutMs?: number;
}

/** A process on `layotto status --json`, the fields that tests look at. */
export interface ProcessReport {
  name: string;
  state: string;
  pid: number | null;
  generation: number;
  restarts: number;
  reason: string | null;
  health: string | null;
  draining: number;
  rssBytes: number | null;
}

/** A running `layotto start`. */
export interface Layotto {
  /** Folder of the run: configuration file, data, sockets. */
  readonly dir: string;
  readonly runDir: string;
  readonly configFile: string;
  readonly supervisor: ChildProcess;
  /** Public gRPC port of the gateway; 0 when it has only a unix socket. */
  readonly port: number;
  /** `http://host:port` of the actuator. */
  readonly actuator: string;
  /** What the command said when it was ready. */
  readonly announcement: string;
  /** Everything printed so far. */
  output(): string;
  status(): Promise<ProcessReport[]>;
  /** One process of the status. */
  process(name: string): Promise<ProcessReport>;
  /** Pid of a process that runs. */
  pidOf(name: string): Promise<number>;
  /** Runs a `layotto` command for this run. */
  command(...args: string[]): Promise<CommandResult>;
  /** A client of the public port; closed with the run. */
  client(): GrpcClient;
  /** Exit code or signal of the command. */
  readonly ended: Promise<number | string>;
  /** Ends everything, leaves nothing. */
  close(): Promise<void>;
}

const announced = /^.*(?:all ready|\d+ of \d+ ready) in \d+ ms.*$/m;

/**
 * Starts the real command in a folder of its own and waits until it says that all are ready, or that some are not.
 *
 * @throws Error with everything printed, when it ends before
 */
export async function startLayotto(options: StartOptions): Promise<Layotto> {
  const dir = mkdtempSync(join(tmpdir(), "lay-"));
  try {
    await options.prepare?.(dir);
    return await launch(dir, options);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function launch(dir: string, options: StartOptions): Promise<Layotto> {
  const configFile = join(dir, "layotto.json");
  writeFileSync(configFile, options.text ?? JSON.stringify(withDefaults(options.config ?? {})));
  const runDir = options.runDir ?? join(dir, "run");
  const dataDir = options.dataDir ?? join(dir, "data");
  const places = ["-c", configFile, "--run-dir", runDir, "--data-dir", dataDir];
  const supervisor = spawn(
    process.execPath,
    [layottoMain, "start", ...places, ...(options.args ?? [])],
    {
      cwd: dir,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  // A test process that dies must not leave a run behind; its processes end when the supervisor is gone.
  const killAtExit = (): boolean => supervisor.kill("SIGKILL");
  process.once("exit", killAtExit);
  const ended = once(supervisor, "close").then(([code, signal]) => {
    process.off("exit", killAtExit);
    return (code ?? signal) as number | string; // one of both is set
  });
  const text = collect(supervisor);
  const close = closer({ dir, runDir, supervisor, ended });
  try {
    const announcement = await waitForText(
      supervisor,
      text,
      announced,
      options.timeoutMs ?? 40_000,
    );
    return face({ dir, runDir, configFile, supervisor, announcement, text, ended, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function withDefaults(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const gateway = (config["gateway"] ?? {}) as Record<string, unknown>; // a section is an object
  return {
    app: { app_id: "app1" },
    ...config,
    gateway: { listen: "127.0.0.1:0", actuator: "127.0.0.1:0", ...gateway },
  };
}

interface Collected {
  all: string;
  changed: () => void;
}

function collect(child: ChildProcess): Collected {
  const text: Collected = { all: "", changed: () => undefined };
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text.all += chunk;
      text.changed();
    });
  return text;
}

function waitForText(
  child: ChildProcess,
  text: Collected,
  wanted: RegExp,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`layotto start ${why}:\n${text.all}`));
    const timer = setTimeout(() => fail(`was not ready after ${timeoutMs} ms`), timeoutMs);
    text.changed = (): void => {
      const found = wanted.exec(text.all)?.[0];
      if (found === undefined) return;
      clearTimeout(timer);
      text.changed = () => undefined;
      resolve(found);
    };
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${String(code ?? signal)}`);
    });
  });
}

interface FaceInput {
  dir: string;
  runDir: string;
  configFile: string;
  supervisor: ChildProcess;
  announcement: string;
  text: Collected;
  ended: Promise<number | string>;
  close: () => Promise<void>;
}

function face(input: FaceInput): Layotto {
  const { announcement, text, close, ...rest } = input;
  const port = Number(/gRPC on [^\s,]*?:(\d+)/.exec(announcement)?.[1] ?? 0);
  const actuator = `http://${/actuator on ([^\s,]+)/.exec(announcement)?.[1] ?? "none"}`;
  const clients: GrpcClient[] = [];
  const command = (...args: string[]): Promise<CommandResult> =>
    runLayotto([...args, "--run-dir", input.runDir], { cwd: input.dir });
  const status = async (): Promise<ProcessReport[]> => {
    const { code, stdout, stderr } = await command("status", "--json");
    if (code !== 0) throw new Error(`layotto status ended with ${code}: ${stderr}`);
    return (JSON.parse(stdout) as { processes: ProcessReport[] }).processes; // documented in docs/cli.md
  };
  const one = async (name: string): Promise<ProcessReport> => {
    const found = (await status()).find((process) => process.name === name);
    if (found === undefined) throw new Error(`no process "${name}" on layotto status`);
    return found;
  };
  return {
    ...rest,
    announcement,
    port,
    actuator,
    output: () => text.all,
    status,
    process: one,
    pidOf: async (name) => {
      const { pid, state } = await one(name);
      if (pid === null) throw new Error(`process "${name}" is ${state}`);
      return pid;
    },
    command,
    client: () => {
      const client = new GrpcClient({ host: "127.0.0.1", port });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients.splice(0)) await client.close();
      await close();
    },
  };
}

interface CloseInput {
  dir: string;
  runDir: string;
  supervisor: ChildProcess;
  ended: Promise<number | string>;
}

/** Ends a run once: in order, otherwise by force. */
function closer({ dir, runDir, supervisor, ended }: CloseInput): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    supervisor.kill("SIGTERM");
    const timer = setTimeout(() => supervisor.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(timer);
    for (const { pid } of processesOf(runDir)) killHard(pid);
    await eventually("the end of all processes", () => processesOf(runDir).length === 0);
    rmSync(dir, { recursive: true, force: true });
  };
  return () => (closing ??= close());
}
