import type { Logger, MetricFamily } from "@layotto/sidecar-kit";
import type { MeshRuntime } from "../call/runtime.ts";
import { readFlow } from "../config/read-flow.ts";
import type { FunctionTools, ListenerFunction } from "../extension/listener-function.ts";
import type { ListenerConfig } from "../model/listener.ts";
import { ListenerFlow } from "./flow.ts";
import type { MeshListener } from "./mesh-listener.ts";
import { addressOf, createListener, openListener } from "./open-listener.ts";
import { RemoteListeners } from "./remote-listeners.ts";
import { ListenerScope } from "./scope.ts";

/** What the listeners of a mesh are opened with. */
export interface ListenersOptions {
  readonly mesh: MeshRuntime;
  readonly configs: readonly ListenerConfig[];
  readonly logger: Logger;
  /** What functions are run with; undefined: no listener has any. */
  readonly tools?: FunctionTools | undefined;
  /** Listening sockets that the supervisor owns, by name. */
  readonly inherited: (name: string) => Promise<unknown> | undefined;
}

/** All listeners of the mesh: those of the file, and those that a management server adds. */
export class Listeners {
  private readonly scopes: ReadonlyMap<string, ListenerScope>;
  private readonly options: ListenersOptions;
  private readonly own: readonly MeshListener[];
  private readonly remote: RemoteListeners;

  private constructor(options: ListenersOptions, scopes: ReadonlyMap<string, ListenerScope>) {
    this.options = options;
    this.scopes = scopes;
    this.own = [...scopes.values()]
      .filter(({ config }) => config.address !== undefined)
      .map(createListener);
    this.remote = new RemoteListeners(options.mesh, options.logger);
  }

  /** Prepares all; nothing listens before {@link open}. */
  static async create(options: ListenersOptions): Promise<Listeners> {
    const scopes = new Map<string, ListenerScope>();
    for (const config of options.configs) {
      const flow = await flowOf(config);
      scopes.set(config.name, new ListenerScope(options.mesh, config, flow, options.tools));
    }
    return new Listeners(options, scopes);
  }

  /** Those with an address. */
  get all(): readonly MeshListener[] {
    return [...this.own, ...this.remote.all];
  }

  /** The listener of this name, also when it has no address. */
  scope(name: string): ListenerScope | undefined {
    return this.scopes.get(name);
  }

  /** The port that a listener has; undefined for unix sockets and before it listens. */
  port(name: string): number | undefined {
    return this.all.find(({ scope }) => scope.config.name === name)?.port;
  }

  /** Settings of all listeners, those without an address too. */
  get configs(): readonly ListenerConfig[] {
    return [...this.options.configs, ...this.remote.all.map(({ scope }) => scope.config)];
  }

  /** The functions of all listeners. */
  get functions(): readonly ListenerFunction[] {
    return [...this.scopes.values()].flatMap(({ functions }) => functions?.all ?? []);
  }

  /** What the flow rules of all listeners have counted. */
  flowFamilies(): MetricFamily[] {
    return [...this.scopes.values()].flatMap(({ flow, config }) => {
      return flow?.families({ listener: config.name }) ?? [];
    });
  }

  /**
   * Begins to listen on the addresses of the file.
   *
   * @throws StartError exit code 69 when an address is taken
   */
  async open(): Promise<void> {
    let tcp = 0;
    for (const listener of this.own) {
      const isTcp = "port" in addressOf(listener);
      const handle = isTcp ? await this.options.inherited(inheritedName(tcp)) : undefined;
      if (isTcp) tcp++;
      await openListener(listener, handle, this.options.logger);
    }
  }

  /** Replaces the listeners that come from a management server; those of the file win. */
  setRemote(configs: readonly ListenerConfig[]): void {
    this.remote.set(configs.filter(({ name }) => !this.scopes.has(name)));
  }

  /** Stops accepting; calls under way may end within `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.remote.stop();
    await Promise.all(this.all.map((listener) => listener.drain(graceMs)));
  }

  async close(): Promise<void> {
    this.remote.stop();
    await Promise.all(this.all.map((listener) => listener.close()));
  }
}

/** Under which name the supervisor hands over the nth TCP listener. */
function inheritedName(index: number): string {
  return index === 0 ? "mesh" : `mesh-${index + 1}`;
}

async function flowOf({ flow }: ListenerConfig): Promise<ListenerFlow | undefined> {
  if (flow === undefined) return undefined;
  const { settings } = await readFlow(flow); // its faults were found before
  return settings && new ListenerFlow(settings);
}
