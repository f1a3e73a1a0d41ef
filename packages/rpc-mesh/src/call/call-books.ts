import type { MeshClock } from "../clock.ts";
import type { AdaptiveLimit } from "../resilience/adaptive-limit.ts";
import { CALLER_GONE, type CallReport } from "./call-log.ts";
import type { CallOptions } from "./call-options.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { Reason } from "./failure.ts";
import type { RouteState } from "./route-state.ts";
import { isLocal } from "./settle.ts";
import { Grade } from "./verdict.ts";

/** The accounts of one call: what it has taken from limits and breakers, and gives back when it ends. */
export class CallBooks {
  cluster: ClusterState | undefined;
  route: RouteState | undefined;
  /** Status of the answer; undefined: none is being delivered. */
  status: number | undefined;
  /** Why there is no answer, or not the whole of it. */
  flag: CallReport["flag"];
  private readonly clock: MeshClock;
  private passedAt = 0;
  private passedBreaker = false;
  private acquiredAt = 0;
  private place: AdaptiveLimit | undefined;
  private holdsRetry = false;
  private flowGeneration = 0;

  constructor(clock: MeshClock) {
    this.clock = clock;
  }

  enterRoute(state: RouteState): void {
    this.route = state;
    state.counters.calls++;
    state.counters.active++;
  }

  enterCluster(state: ClusterState): void {
    this.cluster = state;
    state.counters.calls++;
    state.counters.active++;
  }

  /** Flow rules have counted the call. */
  passedFlow(generation: number): void {
    this.flowGeneration = generation;
  }

  /** Whether the route's breaker lets it pass. */
  passBreaker(): boolean {
    const breaker = this.route?.breaker;
    if (breaker === undefined) return true;
    if (!breaker.tryPass()) return false;
    this.passedBreaker = true;
    this.passedAt = this.clock.monotonic();
    return true;
  }

  /** Whether there is a place under the cluster's adaptive limit. */
  takePlace(): boolean {
    const adaptive = this.cluster?.adaptive;
    if (adaptive === undefined) return true;
    if (!adaptive.tryAcquire()) return false;
    this.place = adaptive;
    this.acquiredAt = this.clock.monotonic();
    return true;
  }

  /** The call is sent once more. */
  retried(): void {
    const { cluster, route } = this;
    if (cluster === undefined || route === undefined) return;
    cluster.counters.retries++;
    route.counters.retries++;
    if (!this.holdsRetry) cluster.retrying++;
    this.holdsRetry = true;
  }

  /** An answer was delivered whole. @param headAt monotonic ms of its head */
  answered(grade: Grade, headMs: number, headAt: number): void {
    this.cluster?.counters.answered(grade, headMs);
    const { route } = this;
    if (route === undefined) return;
    route.counters.answered(grade, headMs);
    if (!this.passedBreaker) return;
    this.passedBreaker = false;
    if (grade === Grade.OVERLOAD) route.breaker?.cancel();
    else route.breaker?.record(grade <= Grade.CLIENT_ERROR, headAt - this.passedAt);
  }

  /** There is no answer, or not the whole of it. */
  failed(reason: Reason, attempts: number): void {
    this.flag = reason;
    this.cluster?.counters.failed(reason);
    this.route?.counters.failed(reason);
    if (!this.passedBreaker) return;
    this.passedBreaker = false;
    const breaker = this.route?.breaker;
    // What was never sent says nothing of those behind the route.
    if (isLocal(reason) || attempts === 0) breaker?.cancel();
    else breaker?.record(false, this.clock.monotonic() - this.passedAt);
  }

  /** The caller went away. */
  cancelled(): void {
    if (this.cluster !== undefined) this.cluster.counters.cancelled++;
    if (this.route !== undefined) this.route.counters.cancelled++;
    this.flag = CALLER_GONE;
  }

  /**
   * Gives everything back. Once per call.
   *
   * @param tellsLoad whether its length says something of the load of the cluster
   */
  close({ flow, request }: CallOptions, tellsLoad: boolean): void {
    const { cluster, route } = this;
    if (cluster !== undefined) {
      cluster.counters.active--;
      if (this.holdsRetry) cluster.retrying--;
      this.place?.release(this.placeMs(tellsLoad));
    }
    if (route !== undefined) route.counters.active--;
    if (this.passedBreaker) route?.breaker?.cancel();
    if (this.flowGeneration > 0) flow?.done(request, this.flowGeneration);
  }

  private placeMs(tellsLoad: boolean): number | undefined {
    if (!tellsLoad || this.flag === CALLER_GONE) return undefined;
    return this.clock.monotonic() - this.acquiredAt;
  }
}
