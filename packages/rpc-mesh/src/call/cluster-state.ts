import { isDeepStrictEqual } from "node:util";
import type { Logger } from "@layotto/sidecar-kit";
import type { MeshClock, Random } from "../clock.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { Unfit, type Host } from "../cluster/host.ts";
import { tlsOf } from "../net/cluster-tls.ts";
import { AdaptiveLimit } from "../resilience/adaptive-limit.ts";
import { Breaker } from "../resilience/breaker.ts";
import { HealthChecker } from "../resilience/health-checker.ts";
import { LatencyFloor } from "../resilience/latency-floor.ts";
import { OutlierDetector } from "../resilience/outlier-detector.ts";
import { RetryBudget } from "../resilience/retry-budget.ts";
import type { BreakerConfig, ClusterConfig } from "../model/cluster.ts";
import { CallCounters } from "./counters.ts";

/** What it needs of the mesh. */
export interface StateTools {
  readonly clock: MeshClock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a cluster remembers between calls: its budget, limits, ejections and counters. */
export class ClusterState {
  readonly cluster: Cluster;
  readonly counters = new CallCounters();
  readonly floor: LatencyFloor;
  /** The settings that it works by. */
  config: ClusterConfig;
  budget: RetryBudget;
  outlier: OutlierDetector | undefined;
  adaptive: AdaptiveLimit | undefined;
  health: HealthChecker | undefined;
  /** Calls that are being retried. */
  retrying = 0;
  private readonly tools: StateTools;
  private readonly unwatch: () => void;

  constructor(cluster: Cluster, tools: StateTools) {
    this.cluster = cluster;
    this.tools = tools;
    this.config = cluster.config;
    this.floor = new LatencyFloor(tools.clock);
    this.budget = new RetryBudget(this.config.retryBudget, tools.clock);
    this.createOutlier();
    this.createAdaptive();
    this.createHealth();
    this.unwatch = cluster.onHosts(() => this.health?.sync());
  }

  /** Takes over changed settings. What they do not concern goes on as it is: ejected hosts stay out. */
  adopt(config: ClusterConfig): void {
    const before = this.config;
    this.config = config;
    const changed = (key: keyof ClusterConfig): boolean => {
      return !isDeepStrictEqual(before[key], config[key]);
    };
    if (changed("retryBudget")) this.budget = new RetryBudget(config.retryBudget, this.tools.clock);
    if (changed("outlier")) {
      this.outlier?.close();
      this.createOutlier();
    }
    if (changed("adaptiveConcurrency")) this.createAdaptive();
    if (changed("healthCheck") || changed("tls")) {
      this.health?.close();
      this.createHealth();
    }
    // Breakers are for the settings that they were made with.
    if (changed("breaker")) for (const host of this.cluster.hosts) this.dropBreaker(host);
  }

  /** The breaker of a host, made on first use; undefined when the cluster has none. */
  breakerOf(host: Host): Breaker | undefined {
    const { breaker: config } = this.config;
    if (config === undefined) return undefined;
    return (host.breaker ??= this.createBreaker(host, config));
  }

  close(): void {
    this.unwatch();
    this.outlier?.close();
    this.health?.close();
  }

  private createOutlier(): void {
    const { cluster, tools } = this;
    const { outlier } = this.config;
    const hosts = (): readonly Host[] => cluster.hosts;
    const changed = (host: Host): void => cluster.fitChanged(host);
    const { clock, logger: log } = tools;
    this.outlier = outlier && new OutlierDetector(outlier, { hosts, clock, changed, log });
  }

  private createAdaptive(): void {
    const { adaptiveConcurrency: config } = this.config;
    const { clock, random } = this.tools;
    this.adaptive = config && new AdaptiveLimit(config, clock, random);
  }

  private createHealth(): void {
    const { cluster } = this;
    const { healthCheck: config } = this.config;
    const { clock, random, logger: log } = this.tools;
    const tls = tlsOf(cluster);
    this.health =
      config &&
      new HealthChecker(config, {
        hosts: () => cluster.hosts,
        clock,
        changed: (host) => cluster.fitChanged(host),
        log,
        random,
        tls: tls && ((host) => tls.options(host)),
      });
  }

  private createBreaker(host: Host, config: BreakerConfig): Breaker {
    const { clock } = this.tools;
    const breaker = new Breaker(config, clock);
    breaker.onChange = (state) => {
      this.setUnfit(host, state === "open");
      // When its time is over it may be chosen again, and the breaker lets its probes pass.
      if (state !== "open") return;
      clock.after(breaker.probeInMs, () => {
        if (host.breaker === breaker) this.setUnfit(host, false);
      });
    };
    return breaker;
  }

  private dropBreaker(host: Host): void {
    if (host.breaker !== undefined) host.breaker.onChange = undefined;
    host.breaker = undefined;
    if ((host.unfit & Unfit.BREAKER) !== 0) this.setUnfit(host, false);
  }

  private setUnfit(host: Host, isOpen: boolean): void {
    host.unfit = isOpen ? host.unfit | Unfit.BREAKER : host.unfit & ~Unfit.BREAKER;
    this.cluster.fitChanged(host);
  }
}
