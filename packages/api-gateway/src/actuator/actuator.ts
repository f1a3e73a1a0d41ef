import { once } from "node:events";
import type { Server } from "node:http";
import type { LoggerRoot, Metrics } from "@layotto/sidecar-kit";
import { isLocalAddress, type ListenAddress } from "@layotto/sidecar-kit/process";
import { openHttp } from "../listeners.ts";
import type { Routes } from "../routing/routes.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { probeApp } from "./app-reachability.ts";
import { liveness, readiness, type HealthBody, type RuntimePhase } from "./health.ts";
import { builtAt, infoBody } from "./info.ts";
import { setLogLevel } from "./log-level.ts";
import { allMetrics } from "./metrics.ts";
import { hasPage, pageAnswer } from "./pages.ts";
import { createActuator, type ActuatorSource } from "./server.ts";

/** What the {@link Actuator} tells about. */
export interface ActuatorInput {
  readonly logger: LoggerRoot;
  readonly metrics: Metrics;
  readonly routes: Routes<Upstream>;
  readonly upstreams: readonly Upstream[];
  readonly phase: () => RuntimePhase;
  readonly layerNames: () => readonly string[];
  /** What the traffic filters that are on say about themselves, by name. */
  readonly filters: () => Readonly<Record<string, unknown>>;
  readonly callback: { readonly host: string; readonly port: number } | undefined;
  readonly version: string;
  /** What callers from other machines must send. */
  readonly token: string | undefined;
}

/** Time for answers that are being written when the actuator closes, ms. */
const closingMs = 500;

/** Health, info, metrics and log levels of everything, over HTTP. */
export class Actuator {
  readonly #input: ActuatorInput;
  #server: Server | undefined;

  constructor(input: ActuatorInput) {
    this.#input = input;
  }

  /** Health of the whole. */
  readiness(): HealthBody {
    const { phase, upstreams, routes } = this.#input;
    return readiness(phase(), upstreams, routes.clashes);
  }

  /**
   * Listens.
   *
   * @param handle listening handle that a supervisor handed over
   * @returns the address
   * @throws StartError with exit code 69 when the address is taken
   */
  open(address: ListenAddress, handle: unknown): Promise<string> {
    const { logger, token } = this.#input;
    this.#server = createActuator(this.#source(), {
      token: isLocalAddress(address) ? undefined : token,
      onError: (err, path) => logger.error({ err, path }, "unexpected error in the actuator"),
    });
    return openHttp(this.#server, address, handle);
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined || !server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), closingMs).unref();
    await closed;
  }

  #source(): ActuatorSource {
    const { logger, metrics, upstreams, routes, phase } = this.#input;
    return {
      liveness: () => liveness(phase()),
      readiness: () => this.readiness(),
      info: () => this.#info(),
      metrics: () => allMetrics(metrics, upstreams, routes),
      setLogLevel: (body) => setLogLevel(body, logger, upstreams),
      hasPage: (name) => hasPage(name, upstreams),
      page: (name) => pageAnswer(name, upstreams),
    };
  }

  async #info(): Promise<Record<string, unknown>> {
    const { callback, version, upstreams, routes, layerNames, filters } = this.#input;
    return infoBody({
      version,
      compiled: builtAt(import.meta.filename),
      upstreams,
      routes,
      layers: layerNames(),
      filters: filters(),
      callback: callback && (await probeApp(callback.host, callback.port)),
    });
  }
}
