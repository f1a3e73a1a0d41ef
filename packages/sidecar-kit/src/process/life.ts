import type { LoggerRoot } from "../logger.ts";
import { ExitCode, type Launch } from "./launch.ts";
import { StartError } from "./start-error.ts";

/** What runs in a process once it has started. */
export interface Running {
  /** Public address, told to the supervisor. */
  readonly address: string;
  /** Whether it follows its configuration file: the supervisor then need not start it anew for a change. */
  readonly reloads?: boolean;
  /** Finishes what is under way within `graceMs` and releases everything. */
  drain(graceMs: number): Promise<void>;
}

/** The part of `process` that matters here; tests give their own. */
export interface Host {
  on(event: string, listener: (...args: never[]) => void): unknown;
  send(message: unknown): boolean;
  readonly connected: boolean;
  exit(code: number): void;
  writeError(text: string): void;
}

/** A message of the supervisor. */
type Order = { type: "drain"; graceMs?: number } | { type: "listener"; name: string };

/** What a process does beside its work: tells the supervisor, obeys signals, exits with the right code. */
export interface Life {
  /** Aborted when the process begins to stop. */
  readonly signal: AbortSignal;
  /** Stops in good order and then exits with this code; the message goes to stderr. */
  fatal(exitCode: number, message: string): void;
  /** Resolves with the listening handle that the supervisor hands over under this name. */
  listener(name: string): Promise<unknown>;
  /** Tells the supervisor how the process is. */
  reportHealth(status: string, reason: string): void;
}

/**
 * Runs a process from start to exit:
 *
 * - when `start` resolves, the supervisor gets `{ type: "ready", address }` over IPC, with `reloads: true` when the
 *   process follows its configuration file
 * - SIGTERM, SIGINT, the order `drain` and the loss of the supervisor all drain and exit 0
 * - a second signal exits at once with code 1
 * - a `StartError` or `ConfigError` prints its message alone and exits with its code, anything else exits 70
 */
export async function live(
  launch: Launch,
  start: (life: Life) => Promise<Running>,
  host: Host = processHost(),
  logger?: () => LoggerRoot | undefined,
): Promise<void> {
  const life = new ProcessLife(launch, host, logger);
  await life.run(start);
}

/** How long the work may go on after the grace period before the process exits anyway. */
const closingMs = 5000;

class ProcessLife implements Life {
  readonly #launch: Launch;
  readonly #host: Host;
  readonly #logger: (() => LoggerRoot | undefined) | undefined;
  readonly #stopping = new AbortController();
  readonly #handles = new Map<string, (handle: unknown) => void>();
  readonly #waiting = new Map<string, Promise<unknown>>();
  #running: Running | undefined;
  #exitCode: number = ExitCode.ok;

  constructor(launch: Launch, host: Host, logger: (() => LoggerRoot | undefined) | undefined) {
    this.#launch = launch;
    this.#host = host;
    this.#logger = logger;
    for (const name of launch.listeners) {
      this.#waiting.set(name, new Promise((resolve) => this.#handles.set(name, resolve)));
    }
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  async run(start: (life: Life) => Promise<Running>): Promise<void> {
    this.#listenToHost();
    try {
      this.#running = await start(this);
      // Asked to stop while it started: it is not ready and never will be.
      if (this.signal.aborted) await this.#finish(this.#launch.graceMs);
      else this.#ready(this.#running);
    } catch (error) {
      this.#host.writeError(`${startText(error)}\n`);
      this.#exit(exitCodeOf(error));
    }
  }

  #ready({ address, reloads }: Running): void {
    this.#tell({ type: "ready", address, ...(reloads === true ? { reloads } : {}) });
  }

  fatal(exitCode: number, message: string): void {
    this.#host.writeError(`${message}\n`);
    this.#exitCode ||= exitCode;
    this.#stop("fatal error", this.#launch.graceMs);
  }

  listener(name: string): Promise<unknown> {
    return (
      this.#waiting.get(name) ?? Promise.reject(new Error(`no listener "${name}" was announced`))
    );
  }

  reportHealth(status: string, reason: string): void {
    this.#tell({ type: "health", status, reason });
  }

  #listenToHost(): void {
    const host = this.#host;
    for (const name of ["SIGTERM", "SIGINT"]) {
      host.on(name, () => {
        // Ctrl-C in a terminal reaches the whole process group; a supervisor then stops us in its own order.
        if (name === "SIGINT" && this.#launch.supervised) return;
        if (this.signal.aborted) this.#exit(ExitCode.failed);
        else this.#stop(name, this.#launch.graceMs);
      });
    }
    host.on("message", (message: Order, handle: unknown) => this.#obey(message, handle));
    host.on("disconnect", () => this.#stop("supervisor is gone", this.#launch.graceMs));
    host.on("uncaughtException", (error: Error) => this.#crash(error));
    host.on("unhandledRejection", (reason: unknown) => this.#crash(reason));
  }

  #obey(message: Order, handle: unknown): void {
    if (message.type === "drain") this.#stop("drain", message.graceMs ?? this.#launch.graceMs);
    else if (message.type === "listener") this.#handles.get(message.name)?.(handle);
  }

  #stop(why: string, graceMs: number): void {
    if (this.signal.aborted) return;
    this.#logger?.()?.info({ why, graceMs }, "stopping");
    this.#stopping.abort(new Error("the process is stopping"));
    if (this.#running !== undefined) void this.#finish(graceMs);
  }

  async #finish(graceMs: number): Promise<void> {
    // A component that never closes must not keep the process: the supervisor would have to kill it.
    setTimeout(() => this.#exit(this.#exitCode), graceMs + closingMs).unref();
    try {
      await this.#running?.drain(graceMs);
    } catch (err) {
      this.#logger?.()?.error({ err }, "cannot stop in good order");
      this.#exitCode ||= ExitCode.internal;
    }
    this.#logger?.()?.info("stopped");
    this.#exit(this.#exitCode);
  }

  #crash(error: unknown): void {
    this.#host.writeError(
      `Cannot go on: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    this.#exit(ExitCode.internal);
  }

  #tell(message: unknown): void {
    if (this.#host.connected) this.#host.send(message);
  }

  #exit(code: number): void {
    this.#logger?.()?.flush();
    this.#host.exit(code);
  }
}

function startText(error: unknown): string {
  const report: unknown = Reflect.get(Object(error), "report");
  if (typeof report === "string") return report;
  if (error instanceof StartError) return error.message;
  return `Cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function exitCodeOf(error: unknown): number {
  const code: unknown = Reflect.get(Object(error), "exitCode");
  return typeof code === "number" ? code : ExitCode.internal;
}

function processHost(): Host {
  return {
    on: (event, listener) =>
      process.on(event, (...args) => Reflect.apply(listener, undefined, args)),
    // With a callback, a supervisor that died this very moment is no uncaught error: "disconnect" tells about it.
    send: (message) => process.send?.(message, undefined, undefined, () => {}) ?? false,
    get connected() {
      return process.connected;
    },
    exit: (code) => process.exit(code),
    writeError: (text) => process.stderr.write(text),
  };
}
