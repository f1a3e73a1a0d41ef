import type { Http2Connection } from "@layotto/grpc-transport";
import type { Attempt } from "../call/attempt.ts";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { GovernedCall, type CallOptions } from "../call/governed-call.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import { Grade, type Verdict } from "../call/verdict.ts";
import { isSafeToRepeat } from "../call/verbs.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { DirectAction, RedirectAction } from "../model/route.ts";
import type { Http2Call } from "./http2-call.ts";
import { http2Pool } from "./http2-pool.ts";

/** The engine's side of an {@link Http2Call}. */
export class GovernedHttp2 extends GovernedCall {
  protected readonly call: Http2Call;
  private attempt: Attempt | undefined;
  private delivering = false;
  /** What the head of the answer said. */
  private grade: Grade = Grade.SUCCESS;

  constructor(call: Http2Call, mesh: MeshRuntime, options: CallOptions) {
    super(mesh, options);
    this.call = call;
  }

  get isDelivering(): boolean {
    return this.delivering;
  }

  onAnswer(verdict: Verdict): boolean {
    const { attempt } = this;
    this.grade = verdict.grade;
    return attempt !== undefined && (this.delivering = this.answered(attempt, verdict));
  }

  onBroken(reason: Reason, detail: string): void {
    if (this.attempt !== undefined) this.broken(this.attempt, reason, detail);
  }

  /** @param end what the end of the answer says, where it says something */
  onDelivered(end?: Grade, status?: number): void {
    const { attempt } = this;
    if (attempt === undefined || !this.delivering) return this.cancelled();
    if (this.grade === Grade.SUCCESS) this.completed(attempt, end, status);
    else this.completed(attempt);
  }

  reject(failure: MeshFailure): void {
    this.refused(failure);
  }

  /** The answer under way does not go out: the caller has seen nothing of it. */
  undeliver(): void {
    this.delivering = false;
  }

  /** A function has changed the request: its lines are all in the call. */
  protected override changeHeaders(headers: readonly string[]): undefined {
    super.changeHeaders(headers);
    this.call.changeLines(this.options.request.flat());
  }

  protected override get timesWholeAnswer(): boolean {
    return false;
  }

  protected override get replayable(): boolean {
    return this.call.canReplay;
  }

  protected override get idempotent(): boolean {
    return !this.call.isGrpc && isSafeToRepeat(this.options.request.method);
  }

  /** One leg at a time: a stream is passed on from frame to frame. */
  protected override get mayHedge(): boolean {
    return false;
  }

  protected override send(attempt: Attempt): void {
    this.attempt = attempt;
    const { host, cluster } = attempt;
    const fault = this.call.bodyFault(this.route?.config.limits.maxBodyBytes);
    if (fault !== undefined) return this.broken(attempt, fault.reason, fault.message);
    const wanted = cluster.config.protocol ?? this.options.protocol;
    if (wanted !== "http2") {
      const text = `cluster "${cluster.name}" speaks ${wanted}: calls in HTTP/2 cannot be turned into it`;
      return this.broken(attempt, Reason.PROTOCOL_ERROR, text);
    }
    http2Pool(host, cluster).take(
      attempt,
      (connection) => {
        attempt.state = connection;
        this.call.sendTo(connection, attempt);
      },
      (isOverflow, detail) => {
        this.broken(attempt, isOverflow ? Reason.OVERFLOW : Reason.CONNECT_FAILURE, detail);
      },
    );
  }

  protected override abort({ state }: Attempt): void {
    if (state instanceof AbortController) state.abort();
    // A connection that a firewall has forgotten looks open for a quarter of an hour.
    else if (state !== undefined) (state as Http2Connection).suspect(); // what "send" put there
    this.call.giveUpLeg();
  }

  protected override mirror(cluster: Cluster, host: Host): void {
    this.call.sendCopy(http2Pool(host, cluster), this.options.timeoutMs);
  }

  protected override fail(failure: MeshFailure): void {
    this.call.answerFailure(failure);
  }

  protected override direct(action: DirectAction | RedirectAction): void {
    this.call.answerDirect(action);
  }
}
