import { Resolver } from "node:dns/promises";
import { backoffMs, type Timer } from "@layotto/sidecar-kit";
import type { HostSource } from "../model/cluster.ts";
import { type DnsAnswer, isNegative, resolveHosts, resolveService } from "./dns-records.ts";
import { Outage } from "./outage.ts";
import type { SourceContext, StopSource } from "./source.ts";

type DnsSource = Extract<HostSource, { type: "dns" }>;

const DEFAULT_PORT = 80;
/** However short a TTL is. */
const MIN_REFRESH_MS = 1000;
/** Timers hold 24 days. */
const MAX_REFRESH_MS = 86_400_000;
const RETRY = { initialMs: 2 * MIN_REFRESH_MS, maxMs: 30_000 };
/** One server gets this long, then the next one; all of them twice. */
const SERVER_TIMEOUT_MS = 2000;

/**
 * Hosts of a DNS name, asked for again when the TTL ends, at most once a second. When DNS cannot be asked, nothing is
 * reported; when it says that there is no such name, an empty list is.
 */
export function dnsSource(source: DnsSource, context: SourceContext): StopSource {
  const watch = new DnsWatch(source, context);
  void watch.ask();
  return () => watch.stop();
}

class DnsWatch {
  readonly #source: DnsSource;
  readonly #context: SourceContext;
  readonly #resolver = new Resolver({ timeout: SERVER_TIMEOUT_MS, tries: 2 });
  readonly #outage: Outage;
  readonly #fault: string | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #stopped = false;

  constructor(source: DnsSource, context: SourceContext) {
    this.#source = source;
    this.#context = context;
    this.#outage = new Outage(context.logger, `DNS name "${source.name}"`);
    this.#fault = this.#useServers();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#resolver.cancel();
  }

  /** Never rejects. */
  async ask(): Promise<void> {
    try {
      this.#take(await this.#resolve());
    } catch (error) {
      if (!this.#stopped) this.#failed(error);
    }
  }

  #resolve(): Promise<DnsAnswer> {
    const { name, port = DEFAULT_PORT, record, servers } = this.#source;
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const asSystem = servers === undefined;
    if (record === "SRV") return resolveService(this.#resolver, name, asSystem);
    return resolveHosts(this.#resolver, name, { port, record, asSystem });
  }

  #take({ hosts, ttlSeconds }: DnsAnswer): void {
    if (this.#stopped) return;
    this.#attempt = 0;
    this.#outage.over(this);
    const refreshMs = this.#source.refreshMs ?? ttlSeconds * 1000;
    this.#askIn(Math.min(MAX_REFRESH_MS, Math.max(MIN_REFRESH_MS, refreshMs)));
    this.#context.listener(hosts);
  }

  #failed(error: unknown): void {
    this.#attempt += 1;
    this.#outage.began(this, error);
    this.#askIn(backoffMs(this.#attempt, RETRY));
    if (isNegative(error)) this.#context.listener([]);
  }

  #askIn(ms: number): void {
    this.#timer = this.#context.clock.after(ms, () => void this.ask());
  }

  /** Returns what is wrong with the configured servers. */
  #useServers(): string | undefined {
    const { servers } = this.#source;
    try {
      if (servers !== undefined) this.#resolver.setServers([...servers]);
      return undefined;
    } catch {
      return `DNS servers must be ip or ip:port: got "${servers?.join(", ")}"`;
    }
  }
}
