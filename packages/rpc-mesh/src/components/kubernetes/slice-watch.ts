import { performance } from "node:perf_hooks";
import { backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import type { HostsListener } from "../../component.ts";
import type { Outage } from "../../discovery/outage.ts";
import { type KubeApi, KubeError, type WatchEvent } from "./api.ts";
import { type KubeService, sliceHosts } from "./slices.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";

/** Pauses after failures. */
const PAUSE = { initialMs: 500, maxMs: 10_000 };
/** A watch is ended by the server after so many seconds, and half of that more at most: a dead one is noticed then. */
const WATCH_SECONDS = 60;
/** The end of a watch may be so much late. */
const WATCH_SLACK_MS = 10_000;
/** A watch that ended sooner was none. */
const SHORT_WATCH_MS = 1000;
const SHORT_WATCH_PAUSE_MS = 300;
/** Slices of one answer. */
const PAGE = 500;
/** A version that is no longer kept is nothing to worry about, unless it goes on. */
const MAX_SILENT_ATTEMPTS = 3;
/** The version that was asked for is no longer kept. */
const GONE = 410;

/** What a {@link SliceWatch} needs. */
export interface SliceWatchOptions {
  readonly api: KubeApi;
  readonly service: KubeService;
  readonly listener: HostsListener;
  readonly outage: Outage;
  readonly callTimeoutMs: number;
}

/** Follows the EndpointSlices of one service: a list, then a watch from there on, for ever. */
export class SliceWatch {
  readonly #options: SliceWatchOptions;
  readonly #slices = new Map<string, EndpointSlice>();
  readonly #abort = new AbortController();
  #version = "";
  #timer: Timer | undefined;
  #attempt = 0;

  constructor(options: SliceWatchOptions) {
    this.#options = options;
    void this.#run();
  }

  stop(): void {
    this.#abort.abort();
    this.#timer?.cancel();
    this.#options.outage.forget(this);
  }

  async #run(): Promise<void> {
    try {
      while (!this.#abort.signal.aborted) {
        if (this.#version === "") await this.#list();
        const began = performance.now();
        await this.#watch();
        // A server, or what is before it, that ends every watch at once must not be asked without end.
        if (performance.now() - began < SHORT_WATCH_MS) await this.#pause();
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#failed(error);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = systemClock.after(SHORT_WATCH_PAUSE_MS, resolve);
    });
  }

  #failed(error: unknown): void {
    // What was missed meanwhile is only in a new list.
    this.#version = "";
    this.#attempt += 1;
    const isGone = error instanceof KubeError && error.status === GONE;
    if (!isGone || this.#attempt > MAX_SILENT_ATTEMPTS) this.#options.outage.began(this, error);
    this.#timer = systemClock.after(backoffMs(this.#attempt, PAUSE), () => void this.#run());
  }

  async #list(): Promise<void> {
    const { api, callTimeoutMs: timeoutMs } = this.#options;
    const found: EndpointSlice[] = [];
    let page: Page;
    let more = "";
    do {
      const path = this.#path({ limit: PAGE, ...(more !== "" && { continue: more }) });
      page = pageOf(await api.get(path, { timeoutMs, signal: this.#abort.signal }));
      found.push(...page.items);
      more = page.more;
    } while (more !== "");
    this.#slices.clear();
    for (const slice of found) this.#slices.set(nameOf(slice), slice);
    this.#version = page.version;
    this.#attempt = 0;
    this.#options.outage.over(this);
    this.#report();
  }

  async #watch(): Promise<void> {
    const { api } = this.#options;
    const seconds = Math.round(WATCH_SECONDS * (1 + Math.random() / 2));
    const path = this.#path({
      watch: 1,
      allowWatchBookmarks: "true",
      resourceVersion: this.#version,
      timeoutSeconds: seconds,
    });
    const timeoutMs = seconds * 1000 + WATCH_SLACK_MS;
    const { signal } = this.#abort;
    for await (const event of api.watch(path, { timeoutMs, signal })) {
      if (signal.aborted) return;
      this.#take(event);
    }
  }

  #take({ type, object }: WatchEvent): void {
    if (type === "ERROR")
      throw new KubeError(Number(Reflect.get(Object(object), "code")), "in a watch");
    const slice = object as EndpointSlice; // what is watched
    this.#version = slice.metadata?.resourceVersion ?? this.#version;
    if (type === "BOOKMARK") return;
    if (type === "DELETED") this.#slices.delete(nameOf(slice));
    else this.#slices.set(nameOf(slice), slice);
    this.#report();
  }

  #path(parameters: Record<string, string | number>): string {
    const { namespace, name } = this.#options.service;
    const query = new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${name}` });
    for (const [key, value] of Object.entries(parameters)) query.set(key, String(value));
    const folder = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}`;
    return `${folder}/endpointslices?${query.toString()}`;
  }

  #report(): void {
    if (this.#abort.signal.aborted) return;
    this.#options.listener(sliceHosts(this.#slices.values(), this.#options.service));
  }
}

/** A part of a list. */
interface Page {
  readonly items: readonly EndpointSlice[];
  readonly version: string;
  /** Asks for the next part; empty: there is none. */
  readonly more: string;
}

function pageOf(list: unknown): Page {
  const items: unknown = Reflect.get(Object(list), "items");
  if (!Array.isArray(items)) throw new Error("the API server gives no list of EndpointSlices");
  const metadata = Object(Reflect.get(Object(list), "metadata"));
  const text = (key: string): string => String(Reflect.get(metadata, key) ?? "");
  return {
    items: items as EndpointSlice[],
    version: text("resourceVersion"),
    more: text("continue"),
  };
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata?.name ?? "";
}
