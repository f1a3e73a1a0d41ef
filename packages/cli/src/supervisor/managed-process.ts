import { type BackoffOptions, backoffDelay, defaultBackoff } from "./backoff.ts";
import type { Child, Spawner } from "./child.ts";
import type { Clock } from "./clock.ts";
import type { ProcessSpec } from "./process-spec.ts";
import {
  describeExit,
  isFinal,
  nextState,
  type ProcessEvent,
  type ProcessExit,
  type ProcessState,
} from "./process-state.ts";
import { UserError } from "../user-error.ts";

/** Times and collaborators of a {@link ManagedProcess}. */
export interface ManagedProcessOptions {
  spawner: Spawner;
  clock: Clock;
  /** Called with one line whenever something worth a log line happens. */
  log: (line: string) => void;
  /** Called after every change of state. */
  onChange?: (process: ManagedProcess) => void;
  /** A number in [0, 1). @default Math.random */
  random?: () => number;
  backoff?: BackoffOptions;
  /** How long a child may take to become ready, in milliseconds. @default 10000 */
  readyTimeoutMs?: number;
  /** How long a process must have been ready for its failures to be forgotten, in milliseconds. @default 10000 */
  stableMs?: number;
  /** How long a replaced generation may take to finish its calls, in milliseconds. @default 10000 */
  graceMs?: number;
}

/** What `status` shows of one process. */
export interface ProcessStatus {
  name: string;
  kind: "gateway" | "sidecar";
  package: string;
  version: string;
  state: ProcessState;
  pid: number | null;
  /** Counts every spawn, from 1. */
  generation: number;
  /** Milliseconds since it became ready; null when it is not. */
  uptimeMs: number | null;
  /** Times it was started again after it had ended by itself. */
  restarts: number;
  /** Older generations that still finish their calls. */
  draining: number;
  /** It ended {@link crashLoopFailures} times in a row or more. */
  crashLoop: boolean;
  /** Milliseconds until the next attempt, in state `backoff`. */
  retryInMs: number | null;
  address: string | null;
  /** Health that the process reports of itself, e.g. `INIT`. */
  health: string | null;
  /** Why it is not ready or not healthy, or how it last ended. */
  reason: string | null;
  /** Exit code of its last unexpected end; null when there was none, or a signal ended it. */
  exitCode: number | null;
  /** Section → names of the components that it was given. */
  components: Readonly<Record<string, readonly string[]>>;
}

/** Failures in a row that are called a crash loop. */
export const crashLoopFailures = 5;

/** Margin between the grace period that a child is told and the moment it is killed, in milliseconds. */
const killMarginMs = 1_000;

interface Generation {
  readonly number: number;
  spec: ProcessSpec;
  child: Child | undefined;
  state: "starting" | "ready" | "draining" | "gone";
  address: string | undefined;
  reloads: boolean;
  health: { status: string; reason: string | undefined } | undefined;
  cancelTimer: () => void;
  onReady: () => void;
  onExit: (exit: ProcessExit) => void;
}

/**
 * One supervised process over all its generations: starts it, starts it again with back-off when it ends by itself,
 * replaces it without a gap, stops it. All time and all processes come from outside.
 */
export class ManagedProcess {
  #spec: ProcessSpec;
  readonly #options: Required<Omit<ManagedProcessOptions, "onChange">>;
  readonly #onChange: (process: ManagedProcess) => void;
  #state: ProcessState = "stopped";
  #current: Generation | undefined;
  readonly #old = new Set<Generation>();
  #upgrading: Generation | undefined;
  #generations = 0;
  #failures = 0;
  #restarts = 0;
  #readyAt = 0;
  #retryAt = 0;
  #cancelRetry = (): void => undefined;
  #reason: string | undefined;
  #exitCode: number | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(spec: ProcessSpec, options: ManagedProcessOptions) {
    const { onChange, ...rest } = options;
    this.#spec = spec;
    this.#onChange = onChange ?? ((): void => undefined);
    this.#options = {
      random: Math.random,
      backoff: defaultBackoff,
      readyTimeoutMs: 10_000,
      stableMs: 10_000,
      graceMs: 10_000,
      ...rest,
    };
  }

  get spec(): ProcessSpec {
    return this.#spec;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Whether the running generation follows its configuration file. */
  get reloads(): boolean {
    return this.#current?.reloads ?? false;
  }

  /** Makes generations to come from another configuration; the running one is told by its file. */
  reconfigure(spec: ProcessSpec): void {
    this.#spec = spec;
    if (this.#current !== undefined) this.#current.spec = spec;
    this.#changed();
  }

  /** Starts the first generation, or tries again at once when waiting or failed. */
  start(): void {
    if (this.#state === "ready" || this.#state === "starting" || this.#state === "draining") return;
    this.#cancelRetry();
    this.#spawnCurrent(this.#spec);
  }

  /**
   * Replaces the running generation: the new one is started beside it, and only when it is ready the old one drains.
   * A new generation that does not become ready is discarded and the old one stays.
   *
   * @param spec what the new generation, and those after it, are made from instead of the present one
   * @throws {UserError} when the new generation does not become ready, with the reason
   */
  upgrade(spec: ProcessSpec = this.#spec): Promise<void> {
    if (this.#upgrading !== undefined || this.#state === "starting")
      return Promise.reject(this.#cannotUpgrade("it is starting already"));
    if (this.#state === "draining") return Promise.reject(this.#cannotUpgrade("it is stopping"));
    return new Promise((resolve, reject) => {
      this.#cancelRetry();
      this.#spawnBeside(spec, resolve, (reason) => reject(this.#cannotUpgrade(reason)));
    });
  }

  /**
   * Ends all generations in order; kills those that are left after the grace period.
   *
   * @param graceMs how long running calls may take, in milliseconds
   * @param killAfterMs when what is left is killed, in milliseconds from now
   */
  stop(graceMs: number, killAfterMs: number = graceMs + killMarginMs): Promise<void> {
    this.#cancelRetry();
    this.#move("stop");
    for (const generation of this.#live()) this.#retire(generation, graceMs, killAfterMs);
    return this.idle();
  }

  /** Kills every generation at once. */
  kill(): void {
    this.#cancelRetry();
    this.#move("stop");
    for (const generation of this.#live()) generation.child?.kill();
  }

  /** Resolves when no generation is left. */
  idle(): Promise<void> {
    if (this.#live().length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** What `status` shows. */
  status(): ProcessStatus {
    const ready = this.#state === "ready";
    const now = this.#options.clock.now();
    const health = ready ? this.#current?.health : undefined;
    return {
      name: this.#spec.name,
      kind: this.#spec.kind,
      package: this.#spec.packageName,
      version: this.#spec.version,
      state: this.#state,
      pid: this.#current?.child?.pid ?? null,
      generation: this.#generations,
      uptimeMs: ready ? Math.round(now - this.#readyAt) : null,
      restarts: this.#restarts,
      draining: this.#old.size,
      crashLoop: this.#failures >= crashLoopFailures && !this.#isStable(),
      retryInMs: this.#state === "backoff" ? Math.max(0, Math.round(this.#retryAt - now)) : null,
      address: this.#current?.address ?? null,
      health: health?.status ?? null,
      reason: health?.reason ?? this.#reason ?? null,
      exitCode: this.#exitCode,
      components: this.#spec.components,
    };
  }

  #spawnCurrent(spec: ProcessSpec): void {
    this.#move("spawn");
    const generation = this.#spawn(spec);
    this.#current = generation;
    generation.onReady = (): void => this.#becameReady(generation);
    generation.onExit = (exit): void => this.#crashed(exit);
    this.#changed();
  }

  #spawnBeside(spec: ProcessSpec, done: () => void, failed: (reason: string) => void): void {
    const generation = this.#spawn(spec);
    this.#upgrading = generation;
    generation.onReady = (): void => {
      this.#upgrading = undefined;
      this.#replaceBy(generation);
      done();
    };
    generation.onExit = (exit): void => {
      this.#upgrading = undefined;
      if (this.#current === undefined) this.#crashed(exit);
      failed(describeExit(exit));
    };
    if (this.#current === undefined) this.#move("spawn");
    this.#changed();
  }

  /** The new generation serves; the one before it finishes what it has. */
  #replaceBy(generation: Generation): void {
    const before = this.#current;
    this.#spec = generation.spec;
    this.#current = generation;
    generation.onExit = (exit): void => this.#crashed(exit);
    this.#failures = 0;
    this.#becameReady(generation);
    if (before === undefined) return;
    before.onExit = (): void => undefined;
    this.#retire(before, this.#options.graceMs, this.#options.graceMs + killMarginMs);
  }

  #spawn(spec: ProcessSpec): Generation {
    const generation: Generation = {
      number: ++this.#generations,
      spec,
      child: undefined,
      state: "starting",
      address: undefined,
      reloads: false,
      health: undefined,
      cancelTimer: () => undefined,
      onReady: () => undefined,
      onExit: () => undefined,
    };
    const { readyTimeoutMs, clock, spawner } = this.#options;
    let timedOut = false;
    generation.cancelTimer = clock.after(readyTimeoutMs, () => {
      timedOut = true;
      generation.child?.kill();
    });
    generation.child = spawner(spec, generation.number, {
      ready: (address, reloads = false) => this.#onChildReady(generation, address, reloads),
      health: (status, reason) => this.#onChildHealth(generation, status, reason),
      exited: (exit) =>
        this.#onChildExit(
          generation,
          timedOut ? { ...exit, lastError: `not ready within ${readyTimeoutMs} ms` } : exit,
        ),
    });
    return generation;
  }

  #onChildReady(generation: Generation, address: string | undefined, reloads: boolean): void {
    if (generation.state !== "starting") return;
    generation.reloads = reloads;
    generation.cancelTimer();
    generation.state = "ready";
    generation.address = address;
    generation.onReady();
  }

  #onChildHealth(generation: Generation, status: string, reason: string | undefined): void {
    generation.health = { status, reason };
    this.#changed();
  }

  #onChildExit(generation: Generation, exit: ProcessExit): void {
    generation.cancelTimer();
    generation.state = "gone";
    this.#old.delete(generation);
    if (this.#current === generation) this.#current = undefined;
    if (this.#state === "draining") this.#upgrading = undefined;
    generation.onExit(exit);
    if (this.#live().length > 0) return;
    this.#move("exit");
    for (const wake of this.#whenIdle.splice(0)) wake();
  }

  #becameReady(generation: Generation): void {
    this.#readyAt = this.#options.clock.now();
    this.#move("ready");
    const where = generation.address === undefined ? "" : ` on ${generation.address}`;
    this.#options.log(`ready${where}, pid ${String(generation.child?.pid)}`);
    this.#changed();
  }

  /** The current generation ended by itself (or while it was told to stop, then this changes nothing). */
  #crashed(exit: ProcessExit): void {
    if (this.#state === "draining" || this.#state === "stopped") return;
    const { clock, random, backoff } = this.#options;
    if (this.#isStable()) this.#failures = 0;
    this.#failures += 1;
    this.#reason = describeExit(exit);
    this.#exitCode = exit.code;
    // A new generation is on its way: it takes over, no other one is needed.
    if (this.#upgrading !== undefined) return this.#move("spawn");
    if (isFinal(exit)) {
      this.#options.log(
        `${this.#reason}; not started again: mend it, then run "layotto upgrade ${this.#spec.name}"`,
      );
      return this.#move("give-up");
    }
    const delay = backoffDelay(this.#failures, random(), backoff);
    this.#retryAt = clock.now() + delay;
    const loop = this.#failures >= crashLoopFailures ? `, ${this.#failures} times in a row` : "";
    this.#options.log(`${this.#reason}${loop}; starting again in ${delay} ms`);
    this.#cancelRetry = clock.after(delay, () => this.#restart());
    this.#move("crash");
  }

  #isStable(): boolean {
    const { clock, stableMs } = this.#options;
    return this.#state === "ready" && clock.now() - this.#readyAt >= stableMs;
  }

  #restart(): void {
    this.#restarts += 1;
    this.#spawnCurrent(this.#spec);
  }

  /** Tells a generation to finish, and kills it when it does not. */
  #retire(generation: Generation, graceMs: number, killAfterMs: number): void {
    const before = generation.state;
    generation.state = "draining";
    if (generation !== this.#current) this.#old.add(generation);
    generation.cancelTimer();
    generation.cancelTimer = this.#options.clock.after(killAfterMs, () => {
      this.#options.log(`still running ${killAfterMs} ms after it was told to stop: killed`);
      generation.child?.kill();
    });
    if (before === "starting") generation.child?.terminate();
    if (before === "ready") generation.child?.drain(graceMs);
  }

  #live(): Generation[] {
    const candidates = [this.#current, this.#upgrading, ...this.#old];
    return candidates.filter((g): g is Generation => g !== undefined && g.state !== "gone");
  }

  #cannotUpgrade(reason: string): UserError {
    return new UserError(`Cannot upgrade "${this.#spec.name}": ${reason}`);
  }

  #move(event: ProcessEvent): void {
    const next = nextState(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    this.#changed();
  }

  #changed(): void {
    this.#onChange(this);
  }
}
