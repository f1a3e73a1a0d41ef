import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Logger } from "@layotto/sidecar-kit";
import type { MeshClock, Random } from "../clock.ts";
import { type Host, Unfit } from "../cluster/host.ts";
import type { HealthCheckConfig } from "../model/cluster.ts";
import { HealthCheckedHost } from "./health-checked-host.ts";
import { type Probe, probeOf, type ProbeTarget } from "./health-probes.ts";

/** What a {@link HealthChecker} works on. */
export interface HealthCheckerOptions {
  /** All hosts of the cluster. */
  readonly hosts: () => readonly Host[];
  readonly clock: MeshClock;
  readonly random: Random;
  /** Called after the bit `Unfit.CHECK` of a host was set or cleared. */
  readonly changed: (host: Host) => void;
  readonly log: Logger;
  /** TLS towards a host, without address and ALPN; undefined: plain text. */
  readonly tls?: ((host: Host) => ConnectionOptions) | undefined;
  /** How a host is asked. @default what the configuration says */
  readonly probe?: Probe | undefined;
}

/** What is known of a host's health. */
export interface HealthState {
  readonly healthy: boolean;
  /** What was wrong at the last check; empty: nothing. */
  readonly fault: string;
}

/**
 * Asks every host of a cluster whether it is well, each at its own time so that checks are spread over the interval. A
 * host begins well (as in MOSN), is out after unhealthyThreshold faults in a row and in again after healthyThreshold good
 * answers.
 */
export class HealthChecker {
  private readonly config: HealthCheckConfig;
  private readonly options: HealthCheckerOptions;
  private readonly probe: Probe;
  private readonly checked = new Map<Host, HealthCheckedHost>();

  constructor(config: HealthCheckConfig, options: HealthCheckerOptions) {
    this.config = config;
    this.options = options;
    this.probe = options.probe ?? probeOf(config);
    this.sync();
  }

  /** Begins with hosts that are new and leaves those that are gone: to be called when the hosts have changed. */
  sync(): void {
    for (const host of this.checked.keys()) if (host.removed) this.leave(host);
    for (const host of this.options.hosts()) if (!this.checked.has(host)) this.follow(host);
  }

  /** What is known of a host; undefined: it is not checked. */
  state(host: Host): HealthState | undefined {
    const checked = this.checked.get(host);
    return checked && { healthy: isHealthy(host), fault: checked.fault };
  }

  /** Stops. Hosts that were out for a failed check are in again. */
  close(): void {
    for (const host of this.checked.keys()) {
      this.leave(host);
      this.mark(host, true);
    }
  }

  private follow(host: Host): void {
    const { clock, random } = this.options;
    const checked = new HealthCheckedHost(this.config, {
      clock,
      random,
      probe: (done) => this.probe(this.targetOf(host), done),
      judged: (healthy, fault) => this.judge(host, healthy, fault),
    });
    this.checked.set(host, checked);
  }

  private leave(host: Host): void {
    this.checked.get(host)?.close();
    this.checked.delete(host);
  }

  private judge(host: Host, healthy: boolean, fault: string): void {
    if (healthy === isHealthy(host)) return;
    const { log } = this.options;
    if (healthy) log.info({ host: host.address }, "host passes health checks again");
    else log.warn({ host: host.address, fault }, "host fails health checks");
    this.mark(host, healthy);
  }

  private mark(host: Host, healthy: boolean): void {
    if (healthy === isHealthy(host)) return;
    host.unfit ^= Unfit.CHECK;
    this.options.changed(host);
  }

  private targetOf(host: Host): ProbeTarget {
    const port = this.config.port ?? host.port;
    return {
      address: `${host.name}:${port}`,
      hostname: host.hostname,
      connect: (alpn) => this.connect(host, port, alpn),
    };
  }

  private connect(host: Host, port: number, alpn: string | undefined): Socket {
    const address = { host: host.name, port };
    const tls = this.options.tls?.(host);
    if (tls === undefined) return connectTcp(address);
    return connectTls({
      ...(isIP(host.hostname) > 0 ? {} : { servername: host.hostname }),
      ...tls,
      ...address,
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    });
  }
}

function isHealthy(host: Host): boolean {
  return (host.unfit & Unfit.CHECK) === 0;
}
