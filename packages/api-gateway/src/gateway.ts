import { join, resolve } from "node:path";
import { Metrics, redactSecrets, type LoggerRoot } from "@layotto/sidecar-kit";
import { addressText, parseAddress } from "@layotto/sidecar-kit/process";
import { Actuator } from "./actuator/actuator.ts";
import type { RuntimePhase } from "./actuator/health.ts";
import { Changes } from "./changes.ts";
import { insecureWarnings, type GatewayConfig } from "./settings.ts";
import { FlowParts } from "./flow/flow-parts.ts";
import { HookParts } from "./hooks/hook-parts.ts";
import { TrafficDump } from "./dump/traffic-dump.ts";
import { connectReplica, upstreamHeaders } from "./connect.ts";
import { Routes } from "./routing/routes.ts";
import { Servers } from "./servers.ts";
import { Upstream, type UpstreamEvents } from "./upstream/upstream.ts";

/** What a {@link Gateway} is made from. */
export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly logger: LoggerRoot;
  /** Directory of the internal socket that sidecars call. Default: none is opened. */
  readonly runDir?: string | undefined;
  /** The app's callback port, told by `/actuator/info`. Default: not configured. */
  readonly callback?: { readonly host: string; readonly port: number } | undefined;
  /** Release shown by `/actuator/info`. Default `0.0.0`. */
  readonly version?: string;
  /** Listening handles that a supervisor handed over, for the TCP listeners in order and for the actuator. */
  readonly handles?: { readonly grpc?: readonly unknown[]; readonly actuator?: unknown };
  /** Where the traffic dump goes unless the configuration says it. Default: `.layotto/data`. */
  readonly dataDir?: string | undefined;
  /** Default: a new registry. */
  readonly metrics?: Metrics;
}

/** One endpoint over all sidecars. */
export class Gateway {
  readonly upstreams: readonly Upstream[];
  readonly routes: Routes<Upstream>;
  readonly metrics: Metrics;
  readonly #options: GatewayOptions;
  readonly #changes = new Changes();
  readonly #closing = new AbortController();
  readonly #servers: Servers;
  readonly #flow: FlowParts | undefined;
  readonly #dump: TrafficDump | undefined;
  readonly #hooks: HookParts | undefined;
  readonly #actuator: Actuator;
  #phase: RuntimePhase = { status: "INIT", reason: "starting" };
  #actuatorAddress: string | undefined;
  #knownClashes = "";

  constructor(options: GatewayOptions) {
    const { config } = options;
    this.#options = options;
    this.metrics = options.metrics ?? new Metrics("layotto_grpc");
    this.upstreams = this.#createUpstreams();
    this.#flow = this.#createFlow();
    this.#dump = this.#createDump();
    this.#hooks = this.#createHooks();
    this.routes = new Routes({
      upstreams: this.upstreams,
      unconfigured: config.unconfigured,
      metrics: this.metrics,
      maxWaitingCalls: config.maxWaitingCalls,
      own: this.#flow?.own ?? [],
      hooks: this.#hooks?.table,
    });
    this.routes.onChange(() => this.#routesChanged());
    this.#actuator = this.#createActuator();
    this.#servers = this.#createServers();
  }

  /** Addresses of the public listeners, once started. */
  get addresses(): readonly string[] {
    return this.#servers.addresses;
  }

  /** Address of the actuator, once started; undefined when there is none. */
  get actuatorAddress(): string | undefined {
    return this.#actuatorAddress;
  }

  /** Where the gateway itself stands; the sidecars' health is no part of it. */
  get phase(): RuntimePhase {
    return this.#phase;
  }

  /** Calls `listener` when the phase, an upstream or the routes have changed; returns the way to stop it. */
  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  /**
   * Connects to the upstreams and opens all listeners; does not wait for upstreams, calls do that.
   *
   * @throws StartError with exit code 69 when an address is taken; nothing stays open then
   */
  async start(): Promise<void> {
    const { config, handles, logger } = this.#options;
    for (const upstream of this.upstreams) upstream.start();
    try {
      await this.#flow?.start();
      await this.#servers.open(handles?.grpc ?? []);
      if (config.actuator !== false) {
        this.#actuatorAddress = await this.#actuator.open(config.actuator, handles?.actuator);
      }
      this.#servers.publish();
      this.#dump?.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#setPhase({ status: "UP", reason: "" });
    for (const warning of insecureWarnings(config)) {
      logger.warn({ warning }, "listener is open to other machines");
    }
    const { addresses, actuatorAddress } = this;
    logger.info({ addresses, actuator: actuatorAddress }, "gateway listens");
  }

  /**
   * Stops accepting calls, lets those in progress end, and closes everything.
   *
   * @param graceMs longest time that calls in progress get
   */
  async drain(graceMs: number): Promise<void> {
    this.#stopping();
    await this.#servers.drain(graceMs);
    await this.close();
  }

  /** Closes everything at once. */
  async close(): Promise<void> {
    this.#stopping();
    this.#flow?.close();
    await this.#servers.close();
    await this.#dump?.close();
    await this.#actuator.close();
    await Promise.all(this.upstreams.map((upstream) => upstream.close()));
  }

  #createUpstreams(): Upstream[] {
    const { upstreams, maxWaitingCalls } = this.#options.config;
    const events: UpstreamEvents = {
      onMethods: (upstream, methods) => this.routes.describe(upstream, methods),
      onState: (upstream) => this.#upstreamChanged(upstream),
    };
    return Object.entries(upstreams).map(([name, one]) => {
      const options = {
        name,
        addresses: one.addresses.map(addressText),
        connect: (address: string) => connectReplica(name, parseAddress(address), one),
        headers: upstreamHeaders(one),
        maxWaitingCalls,
        ...(one.capability === undefined ? {} : { capability: one.capability }),
      };
      return new Upstream(options, events);
    });
  }

  #createServers(): Servers {
    const { config, logger, runDir } = this.#options;
    const { metrics, routes, upstreams } = this;
    const dump = this.#dump;
    return new Servers({
      config,
      logger,
      metrics,
      routes,
      upstreams,
      runDir,
      overall: () => this.#actuator.readiness().status,
      subscribe: this.#changes.subscribe,
      flow: this.#flow?.gate.layer(),
      hooks: this.#hooks?.settings,
      tap: dump && ((port) => dump.tap(port)),
      closing: this.#closing.signal,
    });
  }

  #createFlow(): FlowParts | undefined {
    const { config, logger } = this.#options;
    if (config.flowControl === undefined) return undefined;
    const flow = new FlowParts(config.flowControl, logger);
    this.metrics.addSource(() => flow.gate.control.families());
    return flow;
  }

  #createHooks(): HookParts | undefined {
    const { config, logger } = this.#options;
    if (config.hooks.length === 0) return undefined;
    const hooks = new HookParts(config.hooks, logger, () => this.routes);
    this.metrics.addSource(() => hooks.families());
    return hooks;
  }

  /** Undefined when it is off: then nothing looks at bytes. */
  #createDump(): TrafficDump | undefined {
    const { config, logger, dataDir = join(".layotto", "data") } = this.#options;
    const { tcpcopy } = config;
    if (tcpcopy?.strategy.switch !== "ON") return undefined;
    return new TrafficDump({
      config: tcpcopy,
      directory: resolve(tcpcopy.directory ?? join(dataDir, "dump")),
      logger,
      metrics: this.metrics,
      staticConfig: () => redactSecrets(JSON.stringify(config)),
      liveConfig: () => JSON.stringify(this.#inForce()),
    });
  }

  /** What a recording was made under: who serves what, and the flow rules. */
  #inForce(): Record<string, unknown> {
    const { upstreams, routes } = this;
    return {
      upstreams: upstreams.map(({ name, state, capability }) => ({ name, state, capability })),
      methods: routes.paths,
      flowControl: this.#flow?.gate.control.settings,
    };
  }

  #filterInfo(): Record<string, unknown> {
    return {
      ...(this.#flow === undefined ? {} : { flow_control: this.#flow.info() }),
      ...(this.#dump === undefined ? {} : { tcpcopy: this.#dump.info() }),
      ...(this.#hooks === undefined ? {} : { hooks: this.#hooks.info() }),
    };
  }

  #createActuator(): Actuator {
    const { config, logger, callback, version = "0.0.0" } = this.#options;
    const { metrics, routes, upstreams } = this;
    return new Actuator({
      logger,
      metrics,
      routes,
      upstreams,
      phase: () => this.#phase,
      layerNames: () => this.#servers.layerNames,
      filters: () => this.#filterInfo(),
      callback,
      version,
      token: config.token,
    });
  }

  #stopping(): void {
    if (this.#closing.signal.aborted) return;
    this.#setPhase({ status: "DOWN", reason: "shutdown" });
    this.#closing.abort();
  }

  #setPhase(phase: RuntimePhase): void {
    this.#phase = phase;
    this.#changes.notify();
  }

  #upstreamChanged(upstream: Upstream): void {
    this.#changes.notify();
    if (this.#closing.signal.aborted) return;
    const { name, state, reason } = upstream;
    const isBad = state === "lost" || state === "refused";
    const level = isBad ? "warn" : state === "connecting" ? "debug" : "info";
    this.#options.logger[level]({ upstream: name, state, reason }, "upstream changed");
  }

  #routesChanged(): void {
    const { clashes, epoch, paths } = this.routes;
    const { logger } = this.#options;
    logger.debug({ epoch, methods: paths.length }, "routes replaced");
    void this.#flow?.learnMethods(this.upstreams);
    this.#hooks?.routesChanged(this.upstreams);
    const before = this.#knownClashes;
    this.#knownClashes = clashes.map((clash) => clash.message).join("\n");
    if (this.#knownClashes !== before) {
      for (const clash of clashes)
        logger.error({ ...clash }, "two upstreams serve the same method");
    }
    this.#changes.notify();
  }
}

/**
 * Makes a gateway; nothing is opened before {@link Gateway.start}.
 *
 * @throws StartError with exit code 64 when a certificate of an upstream cannot be read
 */
export function createGateway(options: GatewayOptions): Gateway {
  return new Gateway(options);
}
