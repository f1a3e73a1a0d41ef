import {
  RpcError,
  Status,
  backoffMs,
  type Clock,
  type Logger,
  type Timer,
} from "@layotto/sidecar-kit";
import type { Registry } from "../component.ts";
import type { RegistrationConfig } from "../model/mesh.ts";
import type { Registries } from "./feed.ts";
import { whenOpen } from "./registry.ts";

/** A registry that does not answer must not hold up the end of the process. */
const DEREGISTER_TIMEOUT_MS = 3000;

/** Options of {@link createRegistrations}. */
export interface RegistrationsOptions {
  readonly registrations: readonly RegistrationConfig[];
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The app's own services in registries. */
export interface Registrations {
  /** Announces all. Call it when calls can be served. */
  start(): void;
  /**
   * Takes all back, before anything else is stopped. Resolves when the registries know, at the latest after 3 s. Never
   * rejects; a second call waits for the first.
   */
  stop(): Promise<void>;
  /** What is announced and what is not yet. */
  states(): readonly RegistrationState[];
}

/** How it stands with one registration. */
export interface RegistrationState {
  readonly config: RegistrationConfig;
  readonly state: "waiting" | "registered" | "failed" | "deregistered";
  /** Of the last attempt that failed; empty otherwise. */
  readonly reason: string;
}

/** Announces the app's own services once {@link Registrations.start} is called. */
export function createRegistrations(options: RegistrationsOptions): Registrations {
  const all = options.registrations.map((config) => new Registration(config, options));
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((each) => each.stop()));
  };
  return {
    start: () => {
      if (stopped === undefined) for (const each of all) each.start();
    },
    stop: () => (stopped ??= stop()),
    states: () => all.map((each) => each.state),
  };
}

class Registration {
  readonly #config: RegistrationConfig;
  readonly #options: RegistrationsOptions;
  readonly #logger: Logger;
  #stopWaiting: (() => void) | undefined;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #deregister: (() => Promise<void>) | undefined;
  #attempt = 0;
  #stopped = false;
  #state: RegistrationState["state"] = "waiting";
  #reason = "";

  constructor(config: RegistrationConfig, options: RegistrationsOptions) {
    this.#config = config;
    this.#options = options;
    const { registry, service, address } = config;
    this.#logger = options.logger.child("register", { registry, service, address });
  }

  get state(): RegistrationState {
    return { config: this.#config, state: this.#state, reason: this.#reason };
  }

  start(): void {
    if (this.#stopped || this.#stopWaiting !== undefined) return;
    const { registries } = this.#options;
    this.#stopWaiting = whenOpen(
      this.#config.registry,
      registries,
      { logger: this.#logger },
      (registry) => {
        this.#running = this.#announce(registry);
        return () => {};
      },
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopWaiting?.();
    this.#timer?.cancel();
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#options.clock.after(DEREGISTER_TIMEOUT_MS, () => {
        this.#logger.warn("cannot deregister: no answer in time");
        resolve();
      });
    });
    await Promise.race([this.#takeBack(), late]);
    timer?.cancel();
  }

  async #announce(registry: Registry): Promise<void> {
    try {
      const deregister = await registry.register(this.#config);
      this.#deregister = deregister;
      this.#set("registered");
      if (!this.#stopped) this.#logger.info("service registered");
    } catch (error) {
      if (!this.#stopped) this.#failed(registry, error);
    }
  }

  #failed(registry: Registry, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#set("failed", reason);
    if (error instanceof RpcError && error.code === Status.UNIMPLEMENTED) {
      this.#logger.error({ reason }, "cannot register service");
      return;
    }
    this.#attempt += 1;
    if (this.#attempt === 1) this.#logger.warn({ reason }, "cannot register service, trying again");
    this.#timer = this.#options.clock.after(backoffMs(this.#attempt), () => {
      this.#running = this.#announce(registry);
    });
  }

  async #takeBack(): Promise<void> {
    await this.#running;
    const deregister = this.#deregister;
    if (deregister === undefined) return;
    this.#deregister = undefined;
    try {
      await deregister();
      this.#set("deregistered");
      this.#logger.info("service deregistered");
    } catch (error) {
      this.#logger.warn({ err: error }, "cannot deregister");
    }
  }

  #set(state: RegistrationState["state"], reason = ""): void {
    this.#state = state;
    this.#reason = reason;
  }
}
