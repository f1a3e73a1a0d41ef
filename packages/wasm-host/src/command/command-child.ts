import { fork, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { CommandCall } from "./command-call.ts";
import type { CommandVersion } from "./command-version.ts";
import { type ProcessUsage, setLowPriority, usageOf } from "./process-usage.ts";
import type { ChildOrder, ChildReport } from "./protocol.ts";
import { siblingFile } from "./sibling-file.ts";

/** The JavaScript heap of a process, MiB: what the SDK takes; inputs and outputs lie outside of it. */
const HEAP_MB = 256;

/** Who is told of a process. */
export interface ChildOwner {
  onReport(child: CommandChild, report: ChildReport): void;
  /** It has ended by itself. */
  onLost(child: CommandChild, how: string): void;
}

/**
 * One process as its parent sees it: waiting → starting → idle ⇄ busy → ended. It has one program for its whole life and
 * runs one call at a time.
 */
export class CommandChild {
  readonly version: CommandVersion;
  state: "waiting" | "starting" | "idle" | "busy" | "ended" = "waiting";
  call: CommandCall | undefined;
  calls = 0;
  /** It has the lowest priority, because it ran long. */
  slow = false;
  /** Since when it has nothing to do, ms of the engine's clock. */
  idleSince = 0;
  /** When the process or its call began, monotonic ms. */
  since = 0;
  /** What the process took at that time. */
  before: ProcessUsage = { cpuMs: 0, rssBytes: 0 };
  /** When its process was started, monotonic ms. */
  startedAt = 0;
  /** Memory when its program was loaded, octets. */
  loadedBytes = 0;
  /** Resolves when it can take calls, or with why it will not. */
  readonly started: Promise<string | undefined>;
  #settleStart: (failure: string | undefined) => void = () => {};
  readonly #owner: ChildOwner;
  #process: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(version: CommandVersion, owner: ChildOwner) {
    this.version = version;
    this.#owner = owner;
    this.started = new Promise((resolve) => {
      this.#settleStart = resolve;
    });
  }

  /** Its number to the system; undefined when it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What it takes now; undefined where the system does not say. */
  usage(): ProcessUsage | undefined {
    return this.pid === undefined ? undefined : usageOf(this.pid);
  }

  /** Starts the process and has it load its program. */
  start(): void {
    this.state = "starting";
    this.startedAt = performance.now();
    this.#mark();
    const child = fork(siblingFile(import.meta.url, "child"), [], {
      // Nothing of ours is handed on: no environment, no options, no folder, no files.
      env: {},
      execArgv: [permissionFlag(), "--allow-fs-read=*", "--allow-worker", `--max-old-space-size=${HEAP_MB}`],
      cwd: "/",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
    });
    this.#process = child;
    this.#exited = this.#follow(child);
    const { bytes, trial } = this.version.program;
    this.#order({ t: "load", name: this.version.definition.name, bytes, trial });
    offerToSystem(child.pid);
  } // prettier-ignore

  /** It has loaded its program. */
  loaded(now: number): void {
    this.loadedBytes = this.usage()?.rssBytes ?? 0;
    this.rest(now);
    this.#settleStart(undefined);
  }

  /** What runs in it lets everybody else go first, until it ends. */
  slowDown(): void {
    if (this.slow || this.pid === undefined) return;
    this.slow = setLowPriority(this.pid, true);
  }

  /** It has nothing to do from now on. */
  rest(now: number): void {
    this.state = "idle";
    this.idleSince = now;
    if (this.slow && this.pid !== undefined) this.slow = !setLowPriority(this.pid, false);
    this.#mark();
  }

  begin(call: CommandCall, environment: Record<string, string>): void {
    this.state = "busy";
    this.call = call;
    this.calls++;
    this.#mark();
    const { input } = call.opening;
    const { bodyBytes } = this.version.definition.limits;
    this.#order({ t: "run", call: call.id, stdin: input.body ?? new Uint8Array(0), environment, outputBytes: bodyBytes }); // prettier-ignore
  }

  /** Ends it whatever it does. Nothing more is told of it. @param why for those who wait until it has started */
  end(why = "its process was ended"): void {
    this.state = "ended";
    this.version.children.delete(this);
    this.#process?.kill("SIGKILL");
    this.#settleStart(why);
  }

  /** Resolves when the process is gone. */
  gone(): Promise<void> {
    return this.#exited;
  }

  /** What it takes from now on is what counts. */
  #mark(): void {
    this.since = performance.now();
    this.before = this.usage() ?? { cpuMs: 0, rssBytes: 0 };
  }

  #order(order: ChildOrder): void {
    // A process that is gone is told of by its end.
    this.#process?.send(order, () => {});
  }

  #follow(child: ChildProcess): Promise<void> {
    child.on("message", (report: ChildReport) => {
      if (this.state !== "ended") this.#owner.onReport(this, report);
    });
    return new Promise((resolve) => {
      const lost = (how: string): void => {
        resolve();
        if (this.state !== "ended") this.#owner.onLost(this, how);
      };
      child.on("error", (error) => lost(error.message));
      child.on("exit", (code, signal) => lost(signal ?? `exit code ${code}`));
    });
  }
}

/** Node.js's own permissions, for what might get out of WebAssembly: no writing of files, no programs, no add-ons. */
function permissionFlag(): string {
  const known = process.allowedNodeEnvironmentFlags.has("--permission");
  return known ? "--permission" : "--experimental-permission";
}

/** When memory is short, the system takes it from here first. */
function offerToSystem(pid: number | undefined): void {
  try {
    if (process.platform === "linux") writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {} // it is a help, not a need
}
