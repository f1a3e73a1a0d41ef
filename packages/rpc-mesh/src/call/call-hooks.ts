import type { Timer } from "@layotto/sidecar-kit";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { MeshFailure } from "./failure.ts";
import type { RequestView } from "./request.ts";

/** What functions at the step `route` have decided. */
export interface RouteDecision {
  /** The call ends with it. */
  readonly failure?: MeshFailure | undefined;
  /** All headers that the request has now, pseudo headers first; undefined: they are as they were. */
  readonly headers?: readonly string[] | undefined;
  /** Where the call goes instead of where its route leads. */
  readonly cluster?: string | undefined;
}

/** What functions at the step `host` have decided. */
export interface HostDecision {
  /** The call ends with it. */
  readonly failure?: MeshFailure | undefined;
  /** Address of the host to try first. */
  readonly host?: string | undefined;
}

/** Asks the functions that decide on routes. */
export interface RouteHooks {
  /**
   * @param leftMs time that the caller's deadline leaves; undefined: it has none
   * @param done called once and never before this returns, unless what is returned is cancelled
   */
  ask(request: RequestView, leftMs: number | undefined, done: (decision: RouteDecision) => void): Timer; // prettier-ignore
}

/** What is known when a host is chosen. */
export interface HostQuestion {
  readonly request: RequestView;
  /** Name of the route; empty: there is none. */
  readonly route: string;
  readonly cluster: Cluster;
  /** Those that may get the call. */
  readonly hosts: readonly Host[];
  readonly leftMs: number | undefined;
}

/** Asks the functions that choose hosts. */
export interface HostHooks {
  /** @param done called once and never before this returns, unless what is returned is cancelled */
  ask(question: HostQuestion, done: (decision: HostDecision) => void): Timer;
}

/** The functions that take part in the calls of a listener. */
export interface CallHooks {
  readonly route: RouteHooks | undefined;
  readonly host: HostHooks | undefined;
}
