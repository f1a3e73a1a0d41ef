import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { killHard } from "../harness/processes.ts";

const program = fileURLToPath(
  new URL(`../testing/chaos-app-process${extname(import.meta.url)}`, import.meta.url),
);

/** What the app of a run is told. */
export interface ChaosAppOptions {
  readonly port: number;
  readonly pubsub: string;
  readonly topic: string;
  /** File that it appends a line to for each event, before it answers. */
  readonly journal: string;
  readonly seed: number;
  /** Of so many events one is answered with RETRY at first; 0 = none. */
  readonly retryOneIn: number;
  /** Of each period of so many ms, events of the first `holdMs` are answered at the end of those. */
  readonly periodMs: number;
  readonly holdMs: number;
}

/** An application with an AppCallback service in a process of its own, which can be killed at any time. */
export class ChaosApp {
  readonly #options: ChaosAppOptions;
  #child: ChildProcess | undefined;
  #output = "";

  constructor(options: ChaosAppOptions) {
    this.#options = options;
  }

  /** What its processes wrote. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process; resolves when it listens. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, JSON.stringify(this.#options)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const killAtExit = (): void => void child.kill("SIGKILL");
    process.once("exit", killAtExit);
    child.once("exit", () => process.off("exit", killAtExit));
    child.stderr.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("exit", (code) =>
        reject(new Error(`the app ended with ${code}: ${this.#output}`)),
      );
    });
  }

  /** Ends it like a crash; resolves when its port is free. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    killHard(child.pid);
    await exited;
  }
}
