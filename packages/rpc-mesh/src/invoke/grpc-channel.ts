import { type GrpcError, Metadata, type UnaryReply } from "@layotto/grpc-transport";
import { Status } from "@layotto/sidecar-kit";
import { consistsOf, isTarget } from "@layotto/http1";
import type { Attempt } from "../call/attempt.ts";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { GovernedCall, type CallOptions } from "../call/governed-call.ts";
import { grpcVerdict } from "../call/grades.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import { http2Pool } from "../http2/http2-pool.ts";
import { withRequestChanges, withResponseChanges } from "./changed-headers.ts";
import { failureOutcome, serviceError } from "./call-error.ts";
import type { Channel, ChannelOptions, Invocation, OnReply } from "./channel.ts";
import { InvocationRequest } from "./invocation-request.ts";

/** A copy that is not answered in time is given up, ms. */
const MIRROR_TIMEOUT_MS = 60_000;

/** Unary gRPC: the method is `/package.Service/Method` or its last part, then the id is the service. */
export class GrpcChannel implements Channel {
  private readonly options: ChannelOptions;

  constructor(options: ChannelOptions) {
    this.options = options;
  }

  invoke(invocation: Invocation, done: OnReply): () => void {
    const { mesh, route } = this.options;
    const { method, id, timeoutMs, limitMs, deadlineMs, target } = invocation;
    const path = method.startsWith("/") ? method : `/${id}/${method}`;
    if (!consistsOf(path, isTarget)) {
      const text = `path ${JSON.stringify(path)}: it holds characters that HTTP does not allow there`;
      done(serviceError(Status.INVALID_ARGUMENT, "REQUEST_INVALID", text), undefined);
      return () => {};
    }
    const request = new InvocationRequest("http2", invocation, path, "POST");
    const options = {
      ...route(target),
      request,
      protocol: "http2",
      timeoutMs,
      limitMs,
      deadlineMs,
    } as const;
    const call = new GrpcInvocation(mesh, options, invocation, done, this.options);
    call.requestComplete();
    call.begin();
    return () => call.cancelled();
  }
}

/** The host is told a little more than the call has: the engine ends it, and says why. */
const DEADLINE_SLACK_MS = 50;

class GrpcInvocation extends GovernedCall {
  private readonly invocation: Invocation;
  private readonly done: OnReply;
  private readonly settings: ChannelOptions;

  constructor(
    mesh: MeshRuntime,
    options: CallOptions,
    invocation: Invocation,
    done: OnReply,
    settings: ChannelOptions,
  ) {
    super(mesh, options);
    this.invocation = invocation;
    this.done = done;
    this.settings = settings;
  }

  protected override get replayable(): boolean {
    return true;
  }

  protected override get idempotent(): boolean {
    return false;
  }

  protected override send(attempt: Attempt): void {
    const { host, cluster, path } = attempt;
    const pool = http2Pool(host, cluster);
    const stop = new AbortController();
    attempt.state = stop;
    const left = this.timeLeftMs + DEADLINE_SLACK_MS;
    const timeout = Number.isFinite(left) ? { timeoutMs: Math.ceil(left) } : {};
    const options = { metadata: this.metadata(), signal: stop.signal, ...timeout };
    // Only what fails before there is a connection is known not to have run.
    const send = (): void => {
      pool.unary(path, this.invocation.data, options, (error, reply) => {
        if (attempt.over || this.over) return;
        if (error !== undefined) this.onError(attempt, error);
        else if (reply !== undefined && this.answered(attempt, grpcVerdict(Status.OK))) {
          this.completed(attempt);
          this.deliver(reply);
        }
      });
    };
    pool.take(attempt, send, (isOverflow, detail) => {
      this.broken(attempt, isOverflow ? Reason.OVERFLOW : Reason.CONNECT_FAILURE, detail);
    });
  }

  protected override abort(attempt: Attempt): void {
    if (attempt.state instanceof AbortController) attempt.state.abort();
  }

  protected override fail(failure: MeshFailure): void {
    this.done(...failureOutcome(failure, this.settings.flatErrors));
  }

  protected override mirror(cluster: Attempt["cluster"], host: Attempt["host"]): void {
    const options = { metadata: this.metadata(), timeoutMs: MIRROR_TIMEOUT_MS };
    const { path } = this.options.request;
    http2Pool(host, cluster).unary(path, this.invocation.data, options, () => {});
  }

  /** The caller's metadata with the changes of the route. */
  private metadata(): Metadata {
    const metadata = Metadata.from([]);
    for (const [name, value] of withRequestChanges(this.invocation.headers, this.changes)) {
      metadata.appendReceived(name.toLowerCase(), value);
    }
    return metadata;
  }

  /** Once the request is out, whatever comes counts as the host's answer: it may have run. */
  private onError(attempt: Attempt, error: GrpcError): void {
    const pushback = error.metadata.get("grpc-retry-pushback-ms");
    if (!this.answered(attempt, grpcVerdict(error.code, pushback))) return;
    this.completed(attempt);
    const { flatErrors } = this.settings;
    const code = flatErrors ? Status.UNAVAILABLE : error.code;
    this.done(serviceError(code, "GRPC_STATUS", error.message), undefined);
  }

  private deliver({ message, headers }: UnaryReply): void {
    this.done(undefined, {
      data: message,
      contentType: headers.get("content-type") ?? "application/grpc",
      headers: withResponseChanges([...headers.entries()], this.changes),
    });
  }
}
