import { join } from "node:path";
import {
  GrpcServer,
  internalLimits,
  type OnBytes,
  type ServerOptions,
} from "@layotto/grpc-transport";
import type { HealthStatus, LoggerRoot, Metrics } from "@layotto/sidecar-kit";
import {
  groupId,
  readTls,
  type ListenAddress,
  type SocketAccess,
} from "@layotto/sidecar-kit/process";
import type { GatewayConfig } from "./settings.ts";
import { Forwarder } from "./forwarding/forwarder.ts";
import type { HookSettings } from "./hooks/hooked-call.ts";
import { createLayers } from "./layers/create-layers.ts";
import type { Layer } from "./layers/layer.ts";
import type { Layers } from "./layers/layers.ts";
import { openListener, type Listener } from "./listeners.ts";
import { serveOwn } from "./public/own-services.ts";
import type { Routes } from "./routing/routes.ts";
import type { Upstream } from "./upstream/upstream.ts";

/** What the gRPC servers of the gateway are made from. */
export interface ServersOptions {
  readonly config: GatewayConfig;
  readonly logger: LoggerRoot;
  readonly metrics: Metrics;
  readonly routes: Routes<Upstream>;
  readonly upstreams: readonly Upstream[];
  /** Directory of the internal socket; undefined: none is opened. */
  readonly runDir: string | undefined;
  /** Health of the whole. */
  readonly overall: () => HealthStatus;
  /** Tells of changes of health. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Limits by flow rules, of public calls. */
  readonly flow: Layer | undefined;
  /** What calls with hooks need; undefined: there are none. */
  readonly hooks: HookSettings | undefined;
  /** Makes what sees the bytes that a public listener receives; undefined: nothing does. */
  readonly tap: ((port: () => string) => OnBytes) | undefined;
  /** Aborted when the gateway stops. */
  readonly closing: AbortSignal;
}

type ListenerKind = "public" | "internal";

/** Time that calls on the internal socket get after the public ones have ended, ms. */
const internalGraceMs = 500;

/** All gRPC listeners of the gateway: the public ones, and the socket that sidecars call. */
export class Servers {
  readonly #options: ServersOptions;
  readonly #access: SocketAccess;
  #public: Listener[] = [];
  #internal: Listener | undefined;

  /** @throws StartError with exit code 64 when the group of unix sockets is not known */
  constructor(options: ServersOptions) {
    this.#options = options;
    const { socketMode, socketGroup } = options.config;
    this.#access = {
      mode: Number.parseInt(socketMode, 8),
      group: socketGroup === undefined ? undefined : groupId(socketGroup, "gateway.socketGroup"),
    };
  }

  /** Addresses of the public listeners. */
  get addresses(): readonly string[] {
    return this.#public.map((listener) => listener.address);
  }

  /** Names of the layers around public calls. */
  get layerNames(): readonly string[] {
    return this.#layers("public").list.map((layer) => layer.name);
  }

  /**
   * Opens all listeners. Unix sockets get their public names with {@link publish}.
   *
   * @param handles listening handles that a supervisor handed over, one for each TCP listener in their order
   * @throws StartError with exit code 69 when an address is taken
   */
  async open(handles: readonly unknown[]): Promise<void> {
    const { config, runDir } = this.#options;
    let tcpListeners = 0;
    for (const address of config.listen) {
      const handle = "port" in address ? handles[tcpListeners++] : undefined;
      this.#public.push(await this.#openPublic(address, handle));
    }
    if (runDir === undefined) return;
    const path = join(runDir, "gateway.internal.sock");
    const server = this.#create("internal", { limits: internalLimits });
    this.#internal = await openListener(server, { path }, { mode: 0o600 });
  }

  /** Takes over the names of unix sockets from the process before. */
  publish(): void {
    for (const listener of [...this.#public, this.#internal]) listener?.publish();
  }

  /** Lets calls end; the public ones first, because they may need calls of sidecars on the internal socket. */
  async drain(graceMs: number): Promise<void> {
    const until = Date.now() + graceMs;
    await Promise.all(this.#public.map((listener) => listener.server.drain(graceMs)));
    await this.#internal?.server.drain(Math.max(internalGraceMs, until - Date.now()));
  }

  /** Closes everything at once. */
  async close(): Promise<void> {
    await Promise.all(this.#public.map((listener) => listener.server.close()));
    await this.#internal?.server.close();
  }

  async #openPublic(address: ListenAddress, handle: unknown): Promise<Listener> {
    const { tap } = this.#options;
    const { tls, limits } = this.#options.config;
    let port = "unix"; // a port that the system chooses is known once it is bound
    const server = this.#create("public", {
      limits: limits as NonNullable<ServerOptions["limits"]>, // absent keys are really absent
      ...("port" in address && tls !== undefined ? { tls: readTls(tls, "gateway.tls") } : {}),
      ...(tap === undefined ? {} : { onBytes: tap(() => port) }),
    });
    const listener = await openListener(server, address, { handle, ...this.#access });
    if ("port" in address) port = listener.address.slice(listener.address.lastIndexOf(":") + 1);
    return listener;
  }

  #create(kind: ListenerKind, options: ServerOptions): GrpcServer {
    const { config, logger, routes, hooks } = this.#options;
    const layers = this.#layers(kind);
    const { upstreamWaitMs, replayBytes, maxMessageBytes } = config;
    const server = new GrpcServer({
      ...options,
      maxReceiveMessageBytes: maxMessageBytes,
      router: new Forwarder({
        // Hooks are for the app: a function that itself calls the Runtime API would run around its own calls.
        routes: kind === "public" ? routes : routes.internal,
        hooks,
        layers,
        upstreamWaitMs,
        replayBytes,
        maxFirstMessageBytes: maxMessageBytes,
      }),
      onError: (err, context) => logger.error({ err, context }, "unexpected error in a server"),
    });
    this.#registerOwn(kind, server);
    return server;
  }

  #registerOwn(kind: ListenerKind, server: GrpcServer): void {
    const { config, logger, metrics, ...shared } = this.#options;
    serveOwn(server, {
      ...shared,
      serving: { logger, metrics },
      token: kind === "public" ? config.token : undefined,
    });
  }

  #layers(listener: ListenerKind): Layers {
    const { config, logger, flow } = this.#options;
    const { accessLog, metrics, token, upstreams } = config;
    const sidecarTokens = Object.values(upstreams).some((upstream) => upstream.token !== undefined);
    return createLayers({ listener, accessLog, metrics, token, sidecarTokens, flow, logger });
  }
}
