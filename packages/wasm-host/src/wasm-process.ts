import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Logger, ProcessContext } from "@layotto/sidecar-kit";
import { isLocalAddress, parseAddress } from "@layotto/sidecar-kit/process";
import { connectRuntime, type RuntimeClient } from "@layotto/sidecar-kit/runtime";
import { Adapters } from "./adapters.ts";
import { AdminServer } from "./admin/admin-server.ts";
import type { BodyContext } from "./config/read-body.ts";
import type { WasmSettings } from "./config/settings.ts";
import { canSuspend, createEngine } from "./engine.ts";
import { adminOrders } from "./functions/admin-orders.ts";
import { Functions } from "./functions/functions.ts";
import { Installer } from "./functions/installer.ts";
import { KeptOrders } from "./functions/kept-orders.ts";
import { localInvocations } from "./functions/local-invocation.ts";
import { ModuleFiles } from "./functions/module-files.ts";
import { OrderBook } from "./functions/order-book.ts";
import { WaitingCall } from "./functions/waiting-call.ts";
import { WatchedFolders } from "./functions/watched-folders.ts";
import { createHostServices, type HostServices, type InvokeLocal } from "./host/host-services.ts";
import { FunctionServer } from "./http/function-server.ts";
import { Listeners } from "./http/listeners.ts";
import { Sources } from "./install/sources.ts";
import { defaultLimits } from "./model/definition.ts";
import type { Engine, EngineStream } from "./model/engine.ts";
import { functionFamilies } from "./observe/families.ts";
import { listenerFamilies } from "./observe/listener-families.ts";
import { wasmPage, type PageFacts, type WasmPage } from "./observe/page.ts";
import { StartGroup } from "./observe/start-group.ts";

/** Listeners wait so long at most for functions to be installed, ms: one slow source must not hold up the others. */
const START_WAIT_MS = 5000;

/** Everything that the process runs: engine, functions, and how they are reached. */
export class WasmProcess {
  readonly functions: Functions;
  readonly installer: Installer;
  readonly listeners: Listeners;
  /** Ready when the configured functions are installed, or known to be faulty, and all listeners are open. */
  readonly group: StartGroup;
  private readonly server: FunctionServer;
  private readonly files: ModuleFiles;
  private readonly folders: WatchedFolders;
  private readonly orders: KeptOrders;
  private readonly parts: Parts;
  private readonly context: ProcessContext;
  private settings: WasmSettings;

  private constructor(parts: Parts, settings: WasmSettings, context: ProcessContext) {
    const { logger, metrics } = context;
    this.parts = parts;
    this.settings = settings;
    this.context = context;
    this.functions = new Functions({
      engine: parts.engine,
      logger: logger.child("functions"),
      onUninstall: (name) => parts.host.forget(name),
    });
    parts.invoke.local = localInvocations(this.functions);
    this.files = new ModuleFiles({
      onChange: (path) => void this.installer.fileChanged(path),
      logger: logger.child("files"),
    });
    const { clock } = context;
    const book = new OrderBook({ dir: ordersDir(context), clock });
    this.installer = this.createInstaller(book);
    const kept = { book, installer: this.installer, context: this.bodyContext() };
    this.orders = new KeptOrders({ ...kept, logger: logger.child("orders") });
    this.folders = new WatchedFolders({
      folders: settings.folders,
      installer: this.installer,
      logger: logger.child("folders"),
    });
    this.server = new FunctionServer(this.functions);
    this.listeners = this.createListeners();
    this.group = new StartGroup(() => this.begin());
    metrics.addSource(() => [
      ...functionFamilies(this.functions.directory.all()),
      ...listenerFamilies(this.facts()),
    ]);
  }

  /** Puts everything together. Nothing runs or listens yet. */
  static create(settings: WasmSettings, context: ProcessContext): WasmProcess {
    return new WasmProcess(createParts(settings, context), settings, context);
  }

  /** Takes over functions; what else has changed waits for the next start, which a warning says. */
  async reload(next: WasmSettings): Promise<void> {
    const { logger } = this.context;
    const { functions: before } = this.settings;
    const waiting = waitingChanges(this.settings, next);
    if (waiting.length > 0) {
      const text = "changed parts wait for the next start: `layotto upgrade wasm` applies them";
      logger.warn({ parts: waiting.join(", ") }, text);
    }
    this.settings = { ...this.settings, functions: next.functions };
    await this.installer.apply(next.functions, before);
    logger.info("functions are taken over");
  }

  /**
   * Opens a call of a function beside a call of gateway or mesh. They reach the process before its functions are
   * installed: until then it waits, as long as its caller does.
   */
  open(...call: Parameters<Functions["open"]>): EngineStream | undefined {
    const { functions, group } = this;
    const stream = functions.open(...call);
    if (stream !== undefined || group.isStarted) return stream;
    const [name, , sink] = call;
    return new WaitingCall(name, sink, group.opened(), () => functions.open(...call));
  }

  /** What `/actuator/wasm` shows. */
  page(): WasmPage {
    return wasmPage(this.functions, this.facts());
  }

  info(): Record<string, string> {
    const all = [...this.functions.directory.all()];
    return {
      functions: String(all.length),
      faulty: String(all.filter(({ fault }) => fault !== undefined).length),
    };
  }

  /** Stops accepting calls; those under way end. */
  async drain(graceMs: number): Promise<void> {
    this.files.stop();
    this.folders.stop();
    this.orders.stop();
    await this.listeners.drain(graceMs);
  }

  async close(): Promise<void> {
    const { engine, host, runtime, sources } = this.parts;
    await this.listeners.close();
    await sources.close();
    await engine.close();
    await host.close();
    await runtime.close();
  }

  private facts(): PageFacts {
    const { listeners, server, settings } = this;
    return {
      listeners: listeners.all(),
      unknown: server.unknown,
      hostCalls: hostCallsOf(settings),
    };
  }

  private async begin(): Promise<void> {
    const { clock, fatal } = this.context;
    const late = new Promise<undefined>(
      (resolve) => void clock.after(START_WAIT_MS, () => resolve(undefined)),
    );
    try {
      // A file in a watched folder may be the module of a configured function, which is no plain one then.
      this.installer.know(this.settings.functions);
      // What is ordered comes before what is only found; a disk that hangs holds up nobody for longer than a slow source.
      const ordered = await Promise.race([this.orders.start(), late]);
      const found = this.folders.start();
      const configured = this.installer.apply(this.settings.functions, []);
      await Promise.race([Promise.all([configured, ordered?.installed, found]), late]);
      await this.listeners.open();
    } catch (error) {
      fatal(exitCodeOf(error), error instanceof Error ? error.message : String(error));
    }
  }

  private bodyContext(): BodyContext {
    return { cpus: availableParallelism(), plugins: this.settings.plugins };
  }

  private createInstaller(book: OrderBook): Installer {
    const { parts, functions, files } = this;
    const { clock, signal, logger } = this.context;
    return new Installer({
      functions,
      book,
      sources: parts.sources,
      clock,
      logger: logger.child("functions"),
      cpus: availableParallelism(),
      signal,
      onFiles: (paths) => {
        if (!signal.aborted) files.set(paths);
      },
    });
  }

  private createListeners(): Listeners {
    const { settings, context, functions, installer } = this;
    const logger = context.logger.child("listeners");
    const orders = adminOrders(functions, installer, this.bodyContext());
    const admin = new AdminServer({
      orders,
      token: settings.admin?.token,
      isLocal: settings.admin !== undefined && isLocalAddress(parseAddress(settings.admin.address)),
      logger: context.logger.child("admin"),
    });
    const inherited = (name: string) => context.listener(name);
    return new Listeners({ settings, functions: this.server, admin, logger, inherited });
  }
}

interface Parts {
  readonly engine: Engine;
  readonly host: HostServices;
  readonly runtime: RuntimeClient;
  readonly sources: Sources;
  /** Host services come before the functions that they call. */
  readonly invoke: { local: InvokeLocal };
}

function createParts(settings: WasmSettings, context: ProcessContext): Parts {
  const { logger, metrics, clock, appId } = context;
  const { upstreams: outbound, privateNetworks } = settings;
  const invoke: Parts["invoke"] = { local: () => false };
  const invokeLocal: InvokeLocal = (...call) => invoke.local(...call);
  const runtime = connectRuntime(context);
  const host = createHostServices({ runtime, appId, outbound, privateNetworks, invokeLocal, metrics, clock, logger: logger.child("host") }); // prettier-ignore
  const sources = new Sources({ ...settings, maxBytes: defaultLimits.moduleBytes, clock });
  return { engine: createEngines(settings, host, logger.child("guest")), host, runtime, sources, invoke };
} // prettier-ignore

function createEngines(settings: WasmSettings, host: HostServices, logger: Logger): Engine {
  const { workers, hostCalls } = settings;
  // Its threads start while the rest of the process does.
  const engine = createEngine({ host, logger, workers, hostCalls });
  return new Adapters({
    "proxy-wasm": () => Promise.resolve(engine),
    "wasi-command": async () => {
      const { createCommandEngine } = await import("./command/command-engine.ts");
      return createCommandEngine({ logger });
    },
  });
}

function hostCallsOf({ hostCalls }: WasmSettings): string {
  if (hostCalls !== "auto") return hostCalls;
  return canSuspend() ? "jspi" : "atomics";
}

/** Parts of the configuration that differ and are only read at the start. */
function waitingChanges(now: WasmSettings, next: WasmSettings): string[] {
  const { functions: _now, ...a } = now;
  const { functions: _next, ...b } = next;
  const keys = Object.keys(a) as (keyof typeof a)[]; // an object of ours has no further keys
  return keys
    .filter((key) => !isDeepStrictEqual(a[key], b[key]))
    .map((key) => `wasm.${names[key]}`);
}

/** Keys of the settings as they are in the file. */
const names: Readonly<Record<Exclude<keyof WasmSettings, "functions">, string>> = {
  listeners: "listeners",
  admin: "admin",
  folders: "watch",
  upstreams: "upstreams",
  allowedUrls: "sources.urls",
  allowedRegistries: "sources.registries",
  privateNetworks: "sources.private_networks",
  workers: "workers",
  hostCalls: "host_calls",
  plugins: "plugins",
};

/** Apart from those of other installations that share the folder for data. */
function ordersDir({ dataDir, installation }: ProcessContext): string {
  return join(dataDir, "wasm", encodeURIComponent(installation), "orders");
}

function exitCodeOf(error: unknown): number {
  const code: unknown = Reflect.get(Object(error), "exitCode");
  return typeof code === "number" ? code : 70;
}
