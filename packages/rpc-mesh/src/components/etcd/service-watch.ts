import { backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import type { Etcd3, IKeyValue, Watcher } from "etcd3";
import type { HostsListener, ServiceQuery } from "../../component.ts";
import type { HostConfig } from "../../model/host.ts";
import type { EtcdScene } from "./etcd.ts";

/** Pauses between attempts to follow a service. */
const PAUSE = { initialMs: 100, maxMs: 3000 };

/**
 * Follows one service: lists its instances, then watches from the revision of that list on. After any trouble it begins
 * anew with a list, so that nothing depends on what the cluster remembers.
 */
export class ServiceWatch {
  readonly #client: Etcd3;
  readonly #scene: EtcdScene;
  readonly #query: ServiceQuery;
  readonly #listener: HostsListener;
  readonly #hosts = new Map<string, HostConfig>();
  #watcher: Watcher | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #stopped = false;

  constructor(client: Etcd3, scene: EtcdScene, query: ServiceQuery, listener: HostsListener) {
    this.#client = client;
    this.#scene = scene;
    this.#query = query;
    this.#listener = listener;
    void this.#begin();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#drop();
    this.#scene.outage.forget(this);
  }

  async #begin(): Promise<void> {
    try {
      const folder = this.#scene.layout.folderOf(this.#query.service);
      const { header, kvs } = await this.#client.getAll().prefix(folder).exec();
      if (this.#stopped) return;
      this.#hosts.clear();
      for (const kv of kvs) this.#put(kv);
      this.#attempt = 0;
      this.#scene.outage.over(this);
      this.#report();
      if (!this.#stopped) this.#watch(folder, Number(header.revision) + 1);
    } catch (error) {
      this.#failed(error);
    }
  }

  #watch(folder: string, revision: number): void {
    const watcher = this.#client.watch().prefix(folder).startRevision(String(revision)).watcher();
    this.#watcher = watcher;
    watcher.on("data", ({ events }) => {
      for (const { type, kv } of events) {
        if (String(type) === "Delete") this.#hosts.delete(kv.key.toString());
        else this.#put(kv);
      }
      if (events.length > 0) this.#report();
    });
    watcher.on("disconnected", (error) => this.#lost(watcher, error));
    watcher.on("error", (error) => {
      // The cluster has ended it already.
      if (this.#watcher === watcher) this.#watcher = undefined;
      this.#lost(watcher, error);
    });
  }

  #lost(watcher: Watcher, error: unknown): void {
    watcher.removeAllListeners("data");
    if (this.#watcher === watcher) this.#drop();
    this.#failed(error);
  }

  /** The library's way to begin a lost watch anew could wait for a revision that never comes. */
  #drop(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    watcher?.cancel().catch(() => {});
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    this.#scene.outage.began(this, error);
    this.#attempt += 1;
    this.#timer?.cancel();
    this.#timer = systemClock.after(backoffMs(this.#attempt, PAUSE), () => void this.#begin());
  }

  #put({ key, value }: Pick<IKeyValue, "key" | "value">): void {
    const name = key.toString();
    try {
      const host = this.#scene.layout.hostOf(value.toString(), this.#query);
      if (host === undefined) this.#hosts.delete(name);
      else this.#hosts.set(name, host);
    } catch (error) {
      this.#hosts.delete(name);
      const reason = error instanceof Error ? error.message : String(error);
      this.#scene.logger.warn({ key: name, reason }, "this is no instance of a service, left out");
    }
  }

  #report(): void {
    if (!this.#stopped) this.#listener([...this.#hosts.values()]);
  }
}
