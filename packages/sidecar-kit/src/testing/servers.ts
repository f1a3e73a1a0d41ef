import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { freePort } from "./place.ts";
import { eventually } from "./wait.ts";

/** A server process that a test started. */
export interface TestServer {
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  readonly process: ChildProcess;
  /** Ends it like a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data, after `kill`. */
  restart(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** How {@link startServer} starts a program. */
export interface ServerOptions {
  /** Program name, looked up in PATH. */
  program: string;
  args: (port: number) => readonly string[];
  /** Working directory: its data. */
  cwd: string;
  /** Default 30 000. */
  startTimeoutMs?: number;
}

/**
 * Returns why a program's tests must be skipped, or false when it is there. Give it to `test` as `skip`: the reason is
 * shown, so a missing server never looks like success. With LAYOTTO_REQUIRE_SERVERS=1 it throws instead.
 */
export function skipWithout(program: string): string | false {
  if (findProgram(program) !== undefined) return false;
  const reason = `${program} is not installed`;
  if (process.env["LAYOTTO_REQUIRE_SERVERS"] === "1") throw new Error(reason);
  return reason;
}

/** Returns the path of a program in $LAYOTTO_TOOLS_DIR or PATH (and /usr/sbin, where Debian puts servers). */
export function findProgram(program: string): string | undefined {
  const tools = process.env["LAYOTTO_TOOLS_DIR"] ?? "";
  const path = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const dirs = tools === "" ? path : [tools, ...path];
  return dirs.map((dir) => join(dir, program)).find(isExecutable);
}

/** Starts a server on a free port of 127.0.0.1 and waits until it accepts connections. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const port = await freePort();
  let child = await launch(options, port);
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await exited;
  };
  return {
    host: "127.0.0.1",
    port,
    address: `127.0.0.1:${port}`,
    get process() {
      return child;
    },
    kill: () => kill("SIGKILL"),
    stop: () => kill("SIGKILL"),
    restart: async () => {
      child = await launch(options, port);
    },
  };
}

/** Starts redis-server without persistence in `cwd`. `args` are added at the end. */
export function startRedis(cwd: string, args: readonly string[] = []): Promise<TestServer> {
  const base = (port: number) => [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    cwd,
  ];
  return startServer({ program: "redis-server", cwd, args: (port) => [...base(port), ...args] });
}

async function launch(options: ServerOptions, port: number): Promise<ChildProcess> {
  const { program, args, cwd, startTimeoutMs = 30_000 } = options;
  const child = spawn(findProgram(program) ?? program, args(port), {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  // A test that fails before its clean-up must not leave the server behind.
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  child.once("exit", () => process.off("exit", killAtExit));
  await eventually(
    `${program} on port ${port}`,
    () => {
      if (child.exitCode !== null)
        throw new Error(`${program} exited with ${child.exitCode}: ${errors}`);
      return accepts(port);
    },
    startTimeoutMs,
  );
  return child;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
