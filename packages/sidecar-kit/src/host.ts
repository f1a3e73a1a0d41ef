import { GrpcServer, type ServerOptions, internalLimits } from "@layotto/grpc-transport";
import type { ComponentGroup } from "./components.ts";
import type { ProcessContext } from "./context.ts";
import { ConfigError, type ConfigFault } from "./config/fault.ts";
import { combineHealth, type ComponentHealth, type Health } from "./health.ts";
import type { LoggerRoot } from "./logger.ts";
import { guarded } from "./service/guard.ts";
import type { ServiceImplementation } from "./service/implement.ts";
import { joinPages } from "./service/pages.ts";
import { serveLazily } from "./service/serve-lazily.ts";
import { type ServiceRegistry, serve } from "./service/serve.ts";
import { sidecarService } from "./service/sidecar-service.ts";
import type { Sidecar, SidecarParts } from "./sidecar.ts";

/** One or several sidecars, put together in one process. */
export interface HostOptions {
  readonly context: ProcessContext;
  readonly logger: LoggerRoot;
  readonly sidecars: readonly Sidecar[];
  /** What their `create` returned, in the same order. */
  readonly parts: readonly SidecarParts[];
  /** What callers must send; undefined on unix sockets and loopback. */
  readonly token?: string | undefined;
  /** TLS of the listener; undefined on unix sockets. */
  readonly tls?: ServerOptions["tls"] | undefined;
  /** How a server is made; tests give a fake. */
  readonly createServer?: () => GrpcServer;
}

const defaultMessageBytes = 4_194_304;

/** Serves sidecars: their services, health, reflection and `sidecar.v1` on one server. */
export class SidecarHost {
  readonly server: GrpcServer;
  readonly #options: HostOptions;
  readonly #groups: readonly ComponentGroup[];
  readonly #services: readonly ServiceImplementation[];
  readonly #draining = new AbortController();

  constructor(options: HostOptions) {
    this.#options = options;
    this.#groups = options.parts.flatMap((each) => each.components);
    this.#services = options.parts.flatMap((each) => each.services);
    const { tls, parts } = options;
    const wanted = parts.map(({ maxMessageBytes = 0 }) => maxMessageBytes);
    const maxReceiveMessageBytes = Math.max(defaultMessageBytes, ...wanted);
    const limits = { limits: internalLimits, maxReceiveMessageBytes };
    this.server =
      options.createServer?.() ??
      new GrpcServer({ ...limits, ...(tls === undefined ? {} : { tls }) });
    checkUnique(this.#services);
    this.#register();
  }

  /**
   * Imports the configured component types and checks their metadata.
   *
   * @param source name of the configuration file, for the report
   * @throws ConfigError with the faults of all components
   */
  async prepare(source: string): Promise<void> {
    const faults = await prepareAll(this.#groups);
    if (faults.length > 0) throw new ConfigError(source, faults);
  }

  /** Starts to open all components in the background, and what the sidecars do of their own accord. */
  openComponents(): void {
    for (const group of this.#groups) group.open();
    for (const part of this.#options.parts) part.start?.();
  }

  /** Resolves when every component is open, or is closed before that. */
  async opened(): Promise<void> {
    await Promise.allSettled(this.#groups.map((group) => group.opened()));
  }

  /** Health of the whole process. */
  health(): Health {
    return combineHealth(this.components());
  }

  components(): ComponentHealth[] {
    return this.#groups.flatMap((group) => group.health());
  }

  /** Calls back when the health of any component changes. */
  onChange(listener: () => void): () => void {
    const { parts } = this.#options;
    const stops = [
      ...this.#groups.map((group) => group.onChange(listener)),
      ...parts.flatMap((part) => part.onChange?.(listener) ?? []),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Finishes the calls under way, then closes the components in reverse order. */
  async drain(graceMs: number): Promise<void> {
    const { parts } = this.#options;
    const drained = this.server.drain(graceMs);
    // Only now, after the GOAWAY: watchers know then that this is a good-bye and no crash.
    this.#draining.abort();
    await Promise.all([drained, ...parts.map((part) => part.drain?.(graceMs))]);
    for (const part of parts.toReversed()) await part.close?.();
    for (const group of this.#groups.toReversed()) await group.close();
  }

  #register(): void {
    const { logger, context, token } = this.#options;
    const options = { logger, metrics: context.metrics };
    const server: ServiceRegistry = token === undefined ? this.server : guarded(this.server, token);
    serve(server, [...this.#services, this.#sidecarService()], options);
    serveLazily(server, this.#health(), options);
    serveLazily(server, this.#reflection(), options);
  }

  #sidecarService(): ServiceImplementation {
    const { sidecars, parts, logger, context } = this.#options;
    const join = (pick: (sidecar: Sidecar) => string) => [...new Set(sidecars.map(pick))].join("+");
    return sidecarService(
      {
        name: join((each) => each.name),
        capability: join((each) => each.capability),
        version: join((each) => each.version),
        generation: `${process.pid}-${Math.floor(performance.timeOrigin)}`,
        services: this.#services,
        info: () =>
          Object.assign({}, ...parts.map((each) => each.info?.())) as Record<string, string>,
        health: () => this.health(),
        components: () => this.components(),
        pages: joinPages(parts.map((each) => each.pages)),
        subscribe: (listener) => this.onChange(listener),
        signal: this.#draining.signal,
      },
      logger,
      context.metrics,
    );
  }

  #health() {
    const service = "/grpc.health.v1.Health";
    const names = new Set(["", ...this.#services.map((each) => each.typeName)]);
    const source = {
      health: (name: string) => (names.has(name) ? this.health().status : undefined),
      subscribe: (listener: () => void) => this.onChange(listener),
      signal: this.#draining.signal,
    };
    return {
      unary: [`${service}/Check`, `${service}/List`],
      streams: [`${service}/Watch`],
      load: async () => [(await import("./service/health.ts")).healthService(source)],
    };
  }

  #reflection() {
    const streams = ["v1", "v1alpha"].map(
      (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    );
    const load = async () => {
      const [{ reflectionServices }, { descriptorSet }, { Health }] = await Promise.all([
        import("./service/reflection.ts"),
        import("./service/descriptors.ts"),
        import("@layotto/proto/grpc/health/v1/health"),
      ]);
      const set = descriptorSet([...this.#services, { typeName: Health.typeName, desc: Health }]);
      return reflectionServices(() => set);
    };
    return { unary: [], streams, load };
  }
}

/** Two sidecars of one process cannot share a method: only the gateway tells calls apart by their selectors. */
function checkUnique(services: readonly ServiceImplementation[]): void {
  const seen = new Set<string>();
  for (const { path } of services.flatMap((each) => each.methods)) {
    if (seen.has(path))
      throw new Error(`Cannot serve "${path}" twice in one process: run the sidecars apart`);
    seen.add(path);
  }
}

async function prepareAll(groups: readonly ComponentGroup[]): Promise<ConfigFault[]> {
  const faults = await Promise.all(groups.map((group) => group.prepare()));
  return faults.flat();
}
