import { isDeepStrictEqual } from "node:util";
import { backoffMs, type Logger, type Timer } from "@layotto/sidecar-kit";
import type { MeshRuntime } from "../call/runtime.ts";
import type { ListenerConfig } from "../model/listener.ts";
import type { MeshListener } from "./mesh-listener.ts";
import { createListener, openListener } from "./open-listener.ts";
import { ListenerScope } from "./scope.ts";

/** How long the calls of a listener that is taken away may last, ms. */
const GRACE_MS = 30_000;

interface Entry {
  readonly config: ListenerConfig;
  readonly listener: MeshListener;
  retry: Timer | undefined;
  gone: boolean;
}

/** Listeners that a management server adds, changes and takes away while the process runs. */
export class RemoteListeners {
  private readonly mesh: MeshRuntime;
  private readonly logger: Logger;
  private readonly entries = new Map<string, Entry>();
  private stopped = false;

  constructor(mesh: MeshRuntime, logger: Logger) {
    this.mesh = mesh;
    this.logger = logger;
  }

  get all(): readonly MeshListener[] {
    return [...this.entries.values()].map(({ listener }) => listener);
  }

  /** Makes these the listeners. One that has changed is opened anew; calls of the old one may end. */
  set(configs: readonly ListenerConfig[]): void {
    if (this.stopped) return;
    const wanted = new Map(configs.map((config) => [config.name, config]));
    for (const [name, entry] of this.entries) {
      if (!isDeepStrictEqual(wanted.get(name), entry.config)) this.remove(name, entry);
    }
    for (const config of wanted.values()) {
      if (config.address !== undefined && !this.entries.has(config.name)) this.add(config);
    }
  }

  /** Opens nothing any more. The listeners themselves are for the owner to drain. */
  stop(): void {
    this.stopped = true;
    for (const entry of this.entries.values()) entry.retry?.cancel();
  }

  private add(config: ListenerConfig): void {
    const listener = createListener(new ListenerScope(this.mesh, config, undefined));
    const entry: Entry = { config, listener, retry: undefined, gone: false };
    this.entries.set(config.name, entry);
    this.open(entry, 1);
  }

  private remove(name: string, entry: Entry): void {
    this.entries.delete(name);
    entry.gone = true;
    entry.retry?.cancel();
    void entry.listener.drain(GRACE_MS);
  }

  /** An address may still be held by the listener, or the process, that this one replaces. */
  private open(entry: Entry, attempt: number): void {
    openListener(entry.listener, undefined, this.logger).catch((error: unknown) => {
      if (entry.gone || this.stopped) return;
      const { name } = entry.config;
      if (attempt === 1)
        this.logger.warn({ listener: name, err: error }, "cannot listen, trying again");
      entry.retry = this.mesh.clock.after(backoffMs(attempt), () => this.open(entry, attempt + 1));
    });
  }
}
