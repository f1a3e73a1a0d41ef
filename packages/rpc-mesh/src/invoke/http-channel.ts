import { type RpcError, Status, type Timer } from "@layotto/sidecar-kit";
import { type Head, requestHead, UnsafeHeadError } from "@layotto/http1";
import type { Attempt } from "../call/attempt.ts";
import type { MeshFailure, Reason } from "../call/failure.ts";
import { GovernedCall, type CallOptions } from "../call/governed-call.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import { httpVerdict } from "../call/grades.ts";
import { httpToGrpc } from "../call/statuses.ts";
import { isSafeToRepeat } from "../call/verbs.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import { http1Pool } from "../http1/pool.ts";
import { sendUnary, type UnaryHandle, type UnaryRequest, type UnarySink } from "../http1/unary.ts";
import { withRequestChanges, withResponseChanges } from "./changed-headers.ts";
import { failureOutcome, serviceError } from "./call-error.ts";
import type { Channel, ChannelOptions, Invocation, OnReply } from "./channel.ts";
import { InvocationRequest } from "./invocation-request.ts";
import { jsonRpcError } from "./json-rpc.ts";

/** Calls services over HTTP/1.1: the method is the path, the id goes along as a header, as with Layotto. */
export class HttpChannel implements Channel {
  private readonly options: ChannelOptions;

  constructor(options: ChannelOptions) {
    this.options = options;
  }

  invoke(invocation: Invocation, done: OnReply): () => void {
    const { route, mesh } = this.options;
    const { timeoutMs, limitMs, deadlineMs, verb } = invocation;
    const request = new InvocationRequest("http1", invocation, targetOf(invocation), verb);
    const { router, cluster, flow, fault, hooks, log } = route(invocation.target);
    const options = { request, router, cluster, flow, fault, hooks, log, protocol: "http1", timeoutMs, limitMs, deadlineMs } as const; // prettier-ignore
    const call = new HttpInvocation(mesh, options, invocation, done, this.options);
    call.requestComplete();
    call.begin();
    return () => call.cancelled();
  }
}

function targetOf({ method, query }: Invocation): string {
  const path = method.startsWith("/") ? method : `/${method}`;
  return query === "" ? path : `${path}?${query}`;
}

/** Layotto's text holds the body; a page of an error is not to fill the caller's trailers. */
const MAX_ERROR_TEXT = 1024;
/** A copy that is not answered in time is given up, ms. */
const MIRROR_TIMEOUT_MS = 60_000;

class HttpInvocation extends GovernedCall implements UnarySink {
  private readonly invocation: Invocation;
  private readonly done: OnReply;
  private readonly settings: ChannelOptions;
  private sent: Attempt | undefined;

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

  onResponse(status: number, headers: Head, body: Buffer): void {
    if (this.sent !== undefined) this.onAnswer(this.sent, status, headers, body);
  }

  private onAnswer(attempt: Attempt, status: number, headers: Head, body: Buffer): void {
    const after = status < 400 ? undefined : headers.header("retry-after");
    if (!this.answered(attempt, httpVerdict(status, after))) return;
    this.completed(attempt);
    this.deliver(status, headers, body);
  }

  onError(reason: Reason, detail: string): void {
    if (this.sent !== undefined) this.broken(this.sent, reason, detail);
  }

  protected override get replayable(): boolean {
    return true;
  }

  protected override get idempotent(): boolean {
    return isSafeToRepeat(this.invocation.verb);
  }

  protected override send(attempt: Attempt): void {
    const request = this.requestFor(attempt);
    if (request === undefined) return;
    const { host, cluster } = attempt;
    const sink = this.sinkFor(attempt);
    attempt.state = sendUnary(
      http1Pool(host, cluster, this.mesh.clock),
      request,
      sink,
      this.settings.maxReplyBytes,
    );
  }

  protected override abort(attempt: Attempt): void {
    (attempt.state as UnaryHandle | undefined)?.abort(); // only `send` sets it
  }

  protected override fail(failure: MeshFailure): void {
    this.done(...failureOutcome(failure, this.settings.flatErrors));
  }

  protected override mirror(cluster: Cluster, host: Host): void {
    const { path, authority } = this.options.request;
    const request = this.requestOrFault(path, authority);
    // What cannot be sent fails when it is sent to the host itself.
    if (request instanceof UnsafeHeadError) return;
    const { clock } = this.mesh;
    const { maxReplyBytes } = this.settings;
    let timer: Timer | undefined = undefined;
    const done = (): void => timer?.cancel();
    const sink = { onResponse: done, onError: done };
    const copy = sendUnary(http1Pool(host, cluster, clock), request, sink, maxReplyBytes);
    timer = clock.after(MIRROR_TIMEOUT_MS, () => copy.abort());
  }

  /** The call itself listens to its only attempt; with several under way each has a listener of its own. */
  private sinkFor(attempt: Attempt): UnarySink {
    if (this.sent === undefined || this.sent.over) {
      this.sent = attempt;
      return this;
    }
    return {
      onResponse: (status, headers, body) => this.onAnswer(attempt, status, headers, body),
      onError: (reason, detail) => this.broken(attempt, reason, detail),
    };
  }

  /** The request as it is sent; undefined when it cannot be, and the call has ended. */
  private requestFor({ path, authority }: Attempt): UnaryRequest | undefined {
    const request = this.requestOrFault(path, authority);
    if (!(request instanceof UnsafeHeadError)) return request;
    this.cancelled();
    this.done(serviceError(Status.INVALID_ARGUMENT, "REQUEST_INVALID", request.message), undefined);
    return undefined;
  }

  private requestOrFault(path: string, authority: string): UnaryRequest | UnsafeHeadError {
    try {
      const head = this.headFor(path, authority);
      return { method: this.invocation.verb, head, body: this.invocation.data };
    } catch (error) {
      if (error instanceof UnsafeHeadError) return error;
      throw error;
    }
  }

  private headFor(target: string, authority: string): string {
    const { verb: method, headers, id, contentType, data } = this.invocation;
    const all: (readonly [string, string])[] = [["id", id]];
    if (contentType !== "") all.push(["content-type", contentType]);
    for (const header of headers) if (header[0] !== "id") all.push(header);
    return requestHead({
      method,
      target,
      authority,
      headers: withRequestChanges(all, this.changes),
      bodyBytes: data.length,
    });
  }

  private deliver(status: number, headers: Head, body: Buffer): void {
    const isOk = this.settings.flatErrors ? status === 200 : status >= 200 && status < 300;
    if (!isOk) return this.done(this.statusError(status, body), undefined);
    const contentType = headers.header("content-type") ?? "";
    const all = withResponseChanges(headers.entries(), this.changes);
    this.done(undefined, { data: body, contentType, headers: all });
  }

  private statusError(status: number, body: Buffer): RpcError {
    const { flatErrors } = this.settings;
    const text = body.toString("utf8", 0, MAX_ERROR_TEXT);
    const message = `http response code ${status}, body: ${text}`;
    const facts = { status: String(status) };
    if (flatErrors) return serviceError(Status.UNAVAILABLE, "HTTP_STATUS", message, facts);
    const isJsonRpc = this.invocation.headers.some(([name]) => name === "x-services");
    const found = isJsonRpc ? jsonRpcError(body) : undefined;
    if (found !== undefined) {
      return serviceError(found.code, "JSON_RPC_ERROR", message, { ...facts, ...found.facts });
    }
    return serviceError(httpToGrpc(status), "HTTP_STATUS", message, facts);
  }
}
