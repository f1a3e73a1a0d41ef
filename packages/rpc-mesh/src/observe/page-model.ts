import type { BreakerState } from "../resilience/breaker.ts";
import type { XdsState } from "../xds/state.ts";

/** What `/actuator/mesh` and `layotto mesh` show. */
export interface MeshPage {
  readonly listeners: readonly ListenerEntry[];
  readonly routes: readonly RouteEntry[];
  /** Calls that matched no route, by router; routers without any are left out. */
  readonly noRoutes: Readonly<Record<string, number>>;
  readonly clusters: readonly ClusterEntry[];
  readonly registrations: readonly RegistrationEntry[];
  /** State of the management server's client, when there is one. */
  readonly xds: XdsState | undefined;
}

export interface ListenerEntry {
  readonly name: string;
  readonly type: "ingress" | "egress";
  /** Missing: only InvokeService comes in. */
  readonly address: string | undefined;
  readonly protocol: string;
  readonly router: string;
  readonly tls: boolean;
  readonly connections: number;
  /** Connections refused at once: too many, or denied. */
  readonly refused: number;
  /** Connections ended by a malformed message. */
  readonly malformed: number;
}

export interface RouteEntry {
  readonly router: string;
  readonly virtualHost: string;
  readonly route: string;
  /** Where it leads, in words. */
  readonly to: string;
  readonly calls: CallFigures;
  readonly breaker: BreakerEntry | undefined;
}

export interface ClusterEntry {
  readonly name: string;
  /** Where its hosts come from. */
  readonly source: string;
  readonly balancer: string;
  /** Its hosts are known. */
  readonly ready: boolean;
  readonly calls: CallFigures;
  readonly attempts: number;
  readonly retriesDenied: number;
  readonly hedges: number;
  readonly mirrored: number;
  /** Retries that the budget allows now. */
  readonly retryBudget: number;
  /** Calls that are being retried. */
  readonly retrying: number;
  /** Adaptive limit of calls under way, when there is one. */
  readonly concurrencyLimit: number | undefined;
  readonly hosts: readonly HostEntry[];
}

export interface HostEntry {
  readonly address: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly healthy: boolean;
  /** Why it gets no calls; empty when it does. */
  readonly why: string;
  readonly active: number;
  readonly connections: number;
  readonly attempts: number;
  readonly failures: number;
  /** Smoothed latency; missing: nothing is known. */
  readonly ewmaMs: number | undefined;
  /** Times it was ejected. */
  readonly ejections: number;
  /** Ms until an ejected host comes back. */
  readonly backInMs: number | undefined;
  readonly breaker: BreakerEntry | undefined;
}

export interface BreakerEntry {
  readonly state: BreakerState;
  /** Times it opened. */
  readonly opened: number;
  /** Ms until a probe may pass, while it is open. */
  readonly probeInMs: number | undefined;
}

export interface CallFigures {
  readonly total: number;
  readonly active: number;
  readonly success: number;
  /** Answers that say that a host failed. */
  readonly errors: number;
  /** Answers of the mesh's own, by flag. */
  readonly failures: Readonly<Record<string, number>>;
  readonly cancelled: number;
  readonly retries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RegistrationEntry {
  readonly service: string;
  readonly registry: string;
  readonly address: string;
  readonly state: string;
  /** Of the last attempt that failed; empty otherwise. */
  readonly reason: string;
}
