import { isDeepStrictEqual } from "node:util";
import type { ComponentSet, Logger, ProcessContext } from "@layotto/sidecar-kit";
import { meshClock } from "./clock.ts";
import type { HostsListener, Registry } from "./component.ts";
import type { ReadSections } from "./config/read-sections.ts";
import { createFeed } from "./discovery/feed.ts";
import { createRegistrations, type Registrations } from "./discovery/register.ts";
import { ExtensionClient } from "./extension/extension-client.ts";
import { createChannel } from "./invoke/create-channel.ts";
import { beforeFilters, type BeforeFilter } from "./invoke/filters.ts";
import type { InvokeOptions } from "./invoke/service.ts";
import { Listeners } from "./listener/listeners.ts";
import { Mesh } from "./mesh.ts";
import type { MeshConfig } from "./model/mesh.ts";
import { logTlsTo } from "./net/cluster-tls.ts";
import { meshFamilies } from "./observe/families.ts";
import type { Observed } from "./observe/observed.ts";
import type { MeshPage } from "./observe/page-model.ts";
import { meshPage } from "./observe/page.ts";
import { MeshSources } from "./sources.ts";
import type { XdsClient } from "./xds/client.ts";

/** Everything that the process runs: mesh, listeners, discovery, registrations, and the management server if any. */
export class MeshProcess {
  readonly mesh: Mesh;
  readonly listeners: Listeners;
  readonly registrations: Registrations;
  readonly xds: XdsClient | undefined;
  /** What InvokeService runs on. */
  readonly invoke: InvokeOptions;
  private readonly sources: MeshSources;
  private readonly extensions: ExtensionClient | undefined;
  private readonly context: ProcessContext;
  /** The configuration that it was started with. */
  private readonly read: ReadSections;

  private constructor(parts: Parts, read: ReadSections, context: ProcessContext) {
    const { rpcs } = read;
    this.read = read;
    this.mesh = parts.mesh;
    this.listeners = parts.listeners;
    this.registrations = parts.registrations;
    this.xds = parts.xds;
    this.extensions = parts.extensions;
    this.sources = parts.sources;
    this.context = context;
    this.invoke = {
      channel: rpcs && createChannel(rpcs, parts.mesh, parts.listeners),
      before: (rpcs?.beforeInvoke ?? []).flatMap(({ name }) => filterNamed(name)),
      timeoutMs: rpcs?.timeoutMs ?? 3000,
    };
  }

  /** Puts everything together. Static clusters are ready when it resolves; nothing listens yet. */
  static async create(
    read: ReadSections,
    registries: ComponentSet<Registry>,
    context: ProcessContext,
  ): Promise<MeshProcess> {
    const { logger, metrics, clock } = context;
    const { mesh: config } = read;
    logTlsTo(logger.child("tls"));
    let xds: XdsClient | undefined;
    const eds = (service: string, listener: HostsListener): (() => void) => {
      return xds?.watchEndpoints(service, listener) ?? (() => {});
    };
    const feed = createFeed({
      registries,
      clock: meshClock,
      logger,
      ...(config.xds === undefined ? {} : { eds }),
    });
    const mesh = new Mesh({ clock: meshClock, random: Math.random, logger, feed });
    const sources = new MeshSources(mesh);
    const extensions = hasFunctions(config) ? ExtensionClient.in(context.runDir) : undefined;
    const tools = extensions && { client: extensions, clock: meshClock, logger: logger.child("functions") }; // prettier-ignore
    const listeners = await Listeners.create({
      mesh,
      configs: config.listeners,
      logger,
      tools,
      inherited: (name) => context.listener(name),
    });
    if (config.xds !== undefined) {
      xds = await createXds(config, { mesh, sources, listeners }, logger.child("xds"));
    }
    await sources.setFile(config.clusters, config.routers);
    const { registrations: wanted } = config;
    const registrations = createRegistrations({ registrations: wanted, registries, clock, logger });
    const parts = { mesh, sources, listeners, registrations, xds, extensions };
    const made = new MeshProcess(parts, read, context);
    metrics.addSource(() => meshFamilies(made.observed()));
    return made;
  }

  /** Begins to listen, to ask the management server, and to announce the app's services. */
  start(): void {
    this.xds?.start();
    this.listeners.open().then(
      () => this.registrations.start(),
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        this.context.fatal(exitCodeOf(error), text);
      },
    );
  }

  /** Takes over routes and clusters; what else has changed waits for the next start, which a warning says. */
  async reload(read: ReadSections): Promise<void> {
    const { logger } = this.context;
    const waiting = waitingChanges(this.read, read);
    if (waiting.length > 0) {
      const text = "changed parts wait for the next start: `layotto upgrade mesh` applies them";
      logger.warn({ parts: waiting.join(", ") }, text);
    }
    await this.sources.setFile(read.mesh.clusters, read.mesh.routers);
    logger.info("routes and clusters are taken over");
  }

  /** What `/actuator/mesh` shows. */
  page(): MeshPage {
    return meshPage(this.observed());
  }

  info(): Record<string, string> {
    const count = (all: Iterable<unknown>): string => String([...all].length);
    return {
      clusters: count(this.mesh.clusters.all()),
      routers: count(this.mesh.routers.all()),
      listeners: String(this.listeners.all.length),
    };
  }

  private observed(): Observed {
    const { mesh, listeners, registrations, xds } = this;
    return { mesh, listeners, registrations: registrations.states(), xds: xds?.state() };
  }

  /** The app's services leave the registries first, then calls under way end. */
  async drain(graceMs: number): Promise<void> {
    const began = meshClock.monotonic();
    await this.registrations.stop();
    await this.listeners.drain(Math.max(0, graceMs - (meshClock.monotonic() - began)));
  }

  async close(): Promise<void> {
    this.xds?.close();
    await this.listeners.close();
    await this.extensions?.close();
    this.mesh.close();
  }
}

interface Parts {
  readonly mesh: Mesh;
  readonly sources: MeshSources;
  readonly listeners: Listeners;
  readonly registrations: Registrations;
  readonly xds: XdsClient | undefined;
  readonly extensions: ExtensionClient | undefined;
}

function hasFunctions({ listeners }: MeshConfig): boolean {
  return listeners.some(({ filters, hooks }) => (filters ?? hooks) !== undefined);
}

/** The client of the management server. Its code is loaded only here: most meshes have no such server. */
async function createXds(
  { xds, listeners: own, routers }: MeshConfig,
  { mesh, sources, listeners }: Pick<Parts, "mesh" | "sources" | "listeners">,
  logger: Logger,
): Promise<XdsClient | undefined> {
  if (xds === undefined) return undefined;
  const { XdsClient: Client } = await import("./xds/client.ts");
  const defined = new Set(routers.map(({ name }) => name));
  return new Client({
    config: xds,
    logger,
    clock: meshClock,
    routes: own.map(({ router }) => router).filter((name) => !defined.has(name)),
    apply: {
      clusters: (configs) => sources.setRemoteClusters(configs),
      routers: (configs) => sources.setRemoteRouters(configs),
      listeners: (configs) => listeners.setRemote(configs),
      isReady: (name) => mesh.clusters.get(name)?.ready ?? true,
    },
  });
}

/** Parts of the configuration that differ and are only read at the start. */
function waitingChanges(now: ReadSections, next: ReadSections): string[] {
  const pairs: [name: string, a: unknown, b: unknown][] = [
    ["rpcs", now.rpcs, next.rpcs],
    ["mesh.listeners", now.mesh.listeners, next.mesh.listeners],
    ["mesh.registrations", now.mesh.registrations, next.mesh.registrations],
    ["mesh.xds", now.mesh.xds, next.mesh.xds],
  ];
  return pairs.filter(([, a, b]) => !isDeepStrictEqual(a, b)).map(([name]) => name);
}

function filterNamed(name: string): BeforeFilter[] {
  const filter = beforeFilters[name];
  return filter === undefined ? [] : [filter];
}

function exitCodeOf(error: unknown): number {
  const code: unknown = Reflect.get(Object(error), "exitCode");
  return typeof code === "number" ? code : 70;
}
