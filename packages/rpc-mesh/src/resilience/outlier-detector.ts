import type { Logger, Timer } from "@layotto/sidecar-kit";
import { Grade } from "../call/verdict.ts";
import type { MeshClock } from "../clock.ts";
import { type Host, Unfit } from "../cluster/host.ts";
import type { OutlierConfig } from "../model/cluster.ts";
import { OutlierHost, type OutlierState } from "./outlier-host.ts";
import { findOutliers } from "./outlier-rates.ts";

/** How an attempt ended: the grade of its answer, or why there was none. */
export type OutlierEvent = Grade | "failed" | "connect-failed" | "timeout";

/** What an {@link OutlierDetector} works on. */
export interface OutlierDetectorOptions {
  /** All hosts of the cluster. */
  readonly hosts: () => readonly Host[];
  readonly clock: MeshClock;
  /** Called after the bit `Unfit.OUTLIER` of a host was set or cleared. */
  readonly changed: (host: Host) => void;
  readonly log: Logger;
}

/**
 * Takes hosts out that fail where others do not, for baseEjectionMs × the number of their ejections, as Envoy's
 * outlier detection. That number falls by one with each whole interval in service. Never out: more than maxEjectionPercent of
 * the hosts (but one may always be), and the only host of a cluster. A host back from ejection is on probation: a
 * failure before its first success takes it out again at once.
 */
export class OutlierDetector {
  private readonly config: OutlierConfig;
  private readonly options: OutlierDetectorOptions;
  private readonly entries = new Map<Host, OutlierHost>();
  private readonly out = new Set<OutlierHost>();
  private sweepTimer: Timer;
  private closed = false;

  constructor(config: OutlierConfig, options: OutlierDetectorOptions) {
    this.config = config;
    this.options = options;
    this.sweepTimer = options.clock.after(config.intervalMs, this.sweep);
  }

  /** An attempt ended. Overload and the caller's own mistakes say nothing about a host and are not counted. */
  record(host: Host, event: OutlierEvent): void {
    if (event === Grade.CLIENT_ERROR || event === Grade.OVERLOAD || this.closed) return;
    const entry = this.entries.get(host) ?? this.add(host);
    // What was under way when it was taken out is known by now.
    if (entry.ejected !== undefined) return;
    if (event === Grade.SUCCESS) return entry.countSuccess();
    // To the caller resets are 502 and timeouts 504, as with MOSN.
    entry.countFailure(event !== Grade.SERVER_ERROR);
    this.judgeStreak(entry);
  }

  /** Why a host is out; undefined: it is not. */
  state(host: Host): OutlierState | undefined {
    return this.entries.get(host)?.ejected;
  }

  /** Stops, and brings all hosts back. */
  close(): void {
    this.closed = true;
    this.sweepTimer.cancel();
    for (const entry of this.entries.values()) this.bringBack(entry);
    this.entries.clear();
  }

  private add(host: Host): OutlierHost {
    const entry = new OutlierHost(host);
    if (!host.removed) this.entries.set(host, entry);
    return entry;
  }

  private judgeStreak(entry: OutlierHost): void {
    const { consecutiveErrors, consecutiveGatewayErrors } = this.config;
    if (entry.onProbation) this.eject(entry, "failed again after its return");
    else if (reached(entry.errors, consecutiveErrors)) {
      this.eject(entry, `${entry.errors} failures in a row`);
    } else if (reached(entry.gatewayErrors, consecutiveGatewayErrors)) {
      this.eject(entry, `${entry.gatewayErrors} gateway failures in a row`);
    }
  }

  private eject(entry: OutlierHost, reason: string): void {
    const { host } = entry;
    if (host.removed || !this.hasRoom()) return;
    const { clock, log, changed } = this.options;
    const ejections = entry.ejections + 1;
    const forMs = Math.min(this.config.baseEjectionMs * ejections, this.config.maxEjectionMs);
    const timer = clock.after(forMs, () => this.bringBack(entry));
    entry.takeOut({ ejections, untilMs: clock.now() + forMs, reason }, timer);
    this.out.add(entry);
    host.unfit |= Unfit.OUTLIER;
    host.ejections += 1;
    log.warn({ host: host.address, reason, forMs, ejections }, "host ejected");
    changed(host);
  }

  private hasRoom(): boolean {
    for (const entry of this.out) if (entry.host.removed) this.forget(entry);
    return this.out.size < this.maxOut;
  }

  private get maxOut(): number {
    const total = this.options.hosts().length;
    if (total < 2) return 0;
    return Math.max(1, Math.floor((total * this.config.maxEjectionPercent) / 100));
  }

  private bringBack(entry: OutlierHost): void {
    if (entry.ejected === undefined) return;
    entry.takeIn();
    this.out.delete(entry);
    const { host } = entry;
    host.unfit &= ~Unfit.OUTLIER;
    if (host.removed) return;
    this.options.log.info({ host: host.address }, "ejected host is back");
    this.options.changed(host);
  }

  private readonly sweep = (): void => {
    this.sweepTimer = this.options.clock.after(this.config.intervalMs, this.sweep);
    for (const [host, entry] of this.entries) if (host.removed) this.forget(entry);
    // The cluster may have shrunk: those who are out for longest come back.
    for (const entry of this.out) if (this.out.size > this.maxOut) this.bringBack(entry);
    for (const { entry, reason } of findOutliers(this.entries.values(), this.config)) {
      this.eject(entry, reason);
    }
    for (const entry of this.entries.values()) entry.startInterval();
  };

  private forget(entry: OutlierHost): void {
    entry.timer?.cancel();
    this.out.delete(entry);
    this.entries.delete(entry.host);
  }
}

/** Every further multiple counts as well: a host that found no room is asked for again. */
function reached(streak: number, threshold: number): boolean {
  return threshold > 0 && streak >= threshold && streak % threshold === 0;
}
