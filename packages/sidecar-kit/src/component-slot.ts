import { type Timer, backoffMs } from "./clock.ts";
import type { Component, ComponentContext, ComponentType } from "./component.ts";
import type { ComponentConfig } from "./components.ts";
import type { ProcessContext } from "./context.ts";
import { deferred } from "./deferred.ts";
import { RpcError } from "./errors.ts";
import { type ComponentHealth, type Health, up } from "./health.ts";

/** Reason of an {@link RpcError} thrown by `open` that ends the process: trying again would not help. */
export const dataDirRefused = "DATA_DIR_REFUSED";

/** Exit code for a data directory that belongs to somebody else (EX_CANTCREAT of sysexits.h). */
export const dataDirExitCode = 73;

/** What a {@link ComponentSlot} is made of. */
export interface SlotOptions {
  context: Omit<ComponentContext, "signal">;
  config: ComponentConfig;
  process: ProcessContext;
  attemptTimeoutMs: number;
  pingIntervalMs: number;
  changed: () => void;
}

interface Prepared<C extends Component> {
  type: ComponentType<C>;
  metadata: unknown;
}

/** One configured component through its life: prepared, opening (again and again), open, closed. */
export class ComponentSlot<C extends Component> {
  readonly name: string;
  readonly type: string;
  readonly config: ComponentConfig;
  /** The open component; undefined before and after. A plain field because every call reads it. */
  instance: C | undefined;
  readonly #options: SlotOptions;
  readonly #closing = new AbortController();
  readonly #opened = deferred<void>();
  #prepared: Prepared<C> | undefined;
  #health: Health = { status: "INIT", reason: "starting" };
  #attempt = 0;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.name = options.context.name;
    this.type = options.context.type;
    this.config = options.config;
    // Nobody need wait for `opened()`; without this a close before open would be an unhandled rejection.
    this.#opened.promise.catch(() => {});
  }

  prepared(type: ComponentType<C>, metadata: unknown): void {
    this.#prepared = { type, metadata };
  }

  health(): ComponentHealth {
    const { section, name, type } = this.#options.context;
    const indicator = this.#prepared?.type.indicator ?? "";
    return { section, name, type, health: this.#health, indicator };
  }

  opened(): Promise<void> {
    return this.#opened.promise;
  }

  open(): void {
    if (this.#prepared === undefined) throw new Error("prepare() must succeed before open()");
    if (this.#closing.signal.aborted || this.#running !== undefined) return;
    this.#running = this.#tryOpen(this.#prepared).finally(() => {
      this.#running = undefined;
    });
  }

  async close(timeoutMs: number): Promise<void> {
    const { logger } = this.#options.context;
    this.#closing.abort(new Error("closing"));
    this.#timer?.cancel();
    this.#opened.reject(new Error(`component "${this.name}" was closed before it was open`));
    const { instance } = this;
    this.instance = undefined;
    try {
      await withTimeout(this.#closeBoth(instance), timeoutMs);
    } catch (err) {
      logger.warn({ err }, "cannot close component in good order");
    }
  }

  async #closeBoth(instance: C | undefined): Promise<void> {
    await this.#running;
    await instance?.close();
  }

  async #tryOpen({ type, metadata }: Prepared<C>): Promise<void> {
    const { attemptTimeoutMs, context } = this.#options;
    const timeout = AbortSignal.timeout(attemptTimeoutMs);
    const signal = AbortSignal.any([timeout, this.#closing.signal]);
    const opening = type.open(metadata, { ...context, signal });
    try {
      const instance = await raceAbort(opening, signal);
      this.instance = instance;
      this.#attempt = 0;
      context.logger.info("component opened");
      this.#setHealth(up);
      this.#opened.resolve();
      this.#schedulePing(instance);
    } catch (err) {
      // An attempt that was given up may still succeed: then nobody else would close it.
      opening.then((late) => late.close()).catch(() => {});
      this.#openFailed(err);
    }
  }

  #openFailed(err: unknown): void {
    if (this.#closing.signal.aborted) return;
    const { context, process } = this.#options;
    const message = err instanceof Error ? err.message : String(err);
    if (err instanceof RpcError && err.reason === dataDirRefused) {
      this.#setHealth({ status: "DOWN", reason: message });
      process.fatal(dataDirExitCode, message);
      return;
    }
    this.#attempt += 1;
    const delayMs = backoffMs(this.#attempt);
    context.logger.warn(
      { reason: message, attempt: this.#attempt, delayMs: Math.round(delayMs) },
      "cannot open component, trying again",
    );
    this.#setHealth({ status: "INIT", reason: message });
    this.#timer = process.clock.after(delayMs, () => this.open());
  }

  #schedulePing(instance: C): void {
    if (instance.ping === undefined || this.#closing.signal.aborted) return;
    this.#timer = this.#options.process.clock.after(this.#options.pingIntervalMs, () => {
      void this.#ping(instance).finally(() => this.#schedulePing(instance));
    });
  }

  async #ping(instance: C): Promise<void> {
    const timeoutMs = Math.min(5000, this.#options.pingIntervalMs);
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]);
    try {
      if (instance.ping !== undefined) await raceAbort(instance.ping(signal), signal);
      this.#setHealth(up);
    } catch (err) {
      if (this.#closing.signal.aborted) return;
      if (this.#health.status === "UP")
        this.#options.context.logger.warn({ err }, "component is down");
      this.#setHealth({ status: "DOWN", reason: err instanceof Error ? err.message : String(err) });
    }
  }

  #setHealth(health: Health): void {
    if (health.status === this.#health.status && health.reason === this.#health.reason) return;
    if (health.status === "UP" && this.#health.status === "DOWN") {
      this.#options.context.logger.info("component is up again");
    }
    this.#health = health;
    this.#options.changed();
  }
}

async function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = deferred<never>();
  const abort = () => aborted.reject(abortError(signal));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function abortError(signal: AbortSignal): Error {
  const { reason } = signal;
  if (reason instanceof Error && reason.name === "TimeoutError")
    return new Error("no answer in time");
  return reason instanceof Error ? reason : new Error("aborted");
}

function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  return raceAbort(work, AbortSignal.timeout(timeoutMs));
}
