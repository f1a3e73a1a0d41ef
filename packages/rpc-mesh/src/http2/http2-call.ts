import {
  ErrorCode,
  ForwardedCall,
  GrpcError,
  HeaderField,
  Metadata,
  ResetCause,
  type ForwardLimits,
  type Head,
  type Http2Connection,
  type Http2Stream,
  type ResetCauseCode,
  type StatusCode,
} from "@layotto/grpc-transport";
import type { Attempt } from "../call/attempt.ts";
import { Reason, type FunctionAnswer, type MeshFailure } from "../call/failure.ts";
import { gradeOfGrpc, grpcVerdict, httpVerdict } from "../call/grades.ts";
import type { CallOptions } from "../call/governed-call.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import { grpcOf, httpToGrpc, meshFailure } from "../call/statuses.ts";
import type { ListenerFunction } from "../extension/listener-function.ts";
import type { DirectAction, RedirectAction } from "../model/route.ts";
import { redirectLocation } from "../routing/router.ts";
import { FilteredHttp2 } from "./filtered-http2.ts";
import { fieldsOf, requestFields, responseFields } from "./http2-fields.ts";
import { GovernedHttp2 } from "./http2-governed.ts";
import type { Http2Pool } from "./http2-pool.ts";
import { MirrorStream } from "./mirror-stream.ts";

/** What a request may hold: what is kept for another attempt, and no message is read for routing. */
const forwardLimits: ForwardLimits = { replayBytes: 65_536, maxFirstMessageBytes: 0 };

/** A call of the HTTP/2 proxy: frames go from stream to stream, the engine decides where and how often. */
export class Http2Call extends ForwardedCall {
  /** Whether the answers of the mesh's own are gRPC statuses. */
  readonly isGrpc: boolean;
  protected readonly governed: GovernedHttp2;
  /** The request's headers as functions have changed them. */
  private fields: readonly HeaderField[] | undefined;
  private readonly maxBodyBytes: number;

  constructor(
    caller: Http2Stream,
    head: Head,
    endStream: boolean,
    mesh: MeshRuntime,
    options: CallOptions,
    maxBodyBytes: number,
    filters?: readonly ListenerFunction[],
  ) {
    super(caller, head, endStream, forwardLimits);
    this.isGrpc = head.contentType.startsWith("application/grpc");
    this.maxBodyBytes = maxBodyBytes;
    this.governed =
      filters === undefined
        ? new GovernedHttp2(this, mesh, options)
        : new FilteredHttp2(this, mesh, options, filters);
  }

  /** Routes and sends the call. */
  begin(): void {
    if (this.isWhole) this.governed.requestComplete();
    this.governed.begin();
  }

  /** Why the body is too large for listener or route, as far as its size is known. */
  bodyFault(routeMost: number | undefined): MeshFailure | undefined {
    const most = Math.min(this.maxBodyBytes || Infinity, routeMost || Infinity);
    return Math.max(this.bytesIn, this.head.contentLength) > most ? tooLarge(most) : undefined;
  }

  /** The request can be sent again. */
  get canReplay(): boolean {
    return this.replayable;
  }

  /** The request has ended. */
  get isWhole(): boolean {
    return this.requestComplete;
  }

  override onData(
    caller: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    super.onData(caller, buffer, start, end, endStream);
    if (this.ended) return;
    const most = this.maxBodyBytes;
    if (most > 0 && this.bytesIn > most) return this.reject(tooLarge(most));
    if (endStream) this.governed.requestComplete();
  }

  override onReset(caller: Http2Stream, code: number, cause: ResetCauseCode): void {
    this.governed.cancelled();
    super.onReset(caller, code, cause);
  }

  /** Sends the call over a connection to the attempt's host. */
  sendTo(connection: Http2Connection, attempt: Attempt): void {
    const { path, authority } = attempt;
    this.send(connection, this.requestFields(path, authority));
  }

  /** Functions have changed the lines of the request: name, value, name, value …. */
  changeLines(lines: readonly string[]): void {
    const pseudo = this.head.list.fields.filter(({ name }) => name.startsWith(":"));
    this.fields = [...pseudo, ...fieldsOf(lines)];
  }

  private requestFields(path: string, authority: string): readonly HeaderField[] {
    return requestFields(this.head, path, authority, this.governed.changes, this.fields);
  }

  /** Sends a copy of the request, if all of it is kept, and drops the answer. */
  sendCopy(pool: Http2Pool, timeoutMs: number): void {
    const body = this.wholeRequest;
    if (body === undefined) return;
    const { path, authority } = this.head;
    const fields = this.requestFields(path, authority);
    const { clock } = this.governed.mesh;
    pool.take(
      { over: false, state: undefined },
      (connection) => new MirrorStream(clock, timeoutMs).send(connection, fields, body),
      () => {},
    );
  }

  /** A limit of our own, or a fault of the host's answer. */
  override fail(error: GrpcError): void {
    if (this.isGrpc || this.ended) return super.fail(error);
    this.reject(meshFailure(Reason.OVERFLOW, error.message));
  }

  /** Gives up what was sent. */
  giveUpLeg(): void {
    this.dropLeg();
  }

  /** Answers with a failure of the mesh's own. */
  answerFailure(failure: MeshFailure): void {
    if (this.isGrpc) {
      const metadata = Metadata.from([["x-mesh-failure", failure.reason]]);
      return this.fail(new GrpcError(grpcOf(failure), failure.message, { metadata }));
    }
    if (this.governed.isDelivering) return this.cutOff();
    if (failure.answer !== undefined) return this.answerAs(failure.answer);
    const fields = [
      new HeaderField("content-type", "text/plain; charset=utf-8"),
      new HeaderField("x-mesh-failure", failure.reason),
    ];
    this.answerPlain(failure.status, fields, `${failure.message}\n`);
  }

  /** Answers as a function has said. */
  private answerAs({ status, headers, body }: FunctionAnswer): void {
    this.answerPlain(status, fieldsOf(headers), body);
  }

  /** Answers by configuration. */
  answerDirect(action: DirectAction | RedirectAction): void {
    if (this.isGrpc) {
      const body = action.type === "direct" ? action.body : "this route redirects";
      return this.fail(new GrpcError(httpToGrpc(action.status), body));
    }
    if (action.type === "direct") return this.answerPlain(action.status, [], action.body);
    const { route, options } = this.governed;
    const to = route && redirectLocation(route, options.request, this.head.scheme);
    this.answerPlain(action.status, [new HeaderField("location", to ?? "/")], "");
  }

  protected override onAnswer(head: Head, endStream: boolean): boolean {
    const { fields } = head.list;
    const value = (name: string): string | undefined =>
      fields.find((field) => field.name === name)?.value;
    const status = this.isGrpc && endStream ? value("grpc-status") : undefined;
    if (status !== undefined) {
      const pushback = status === "0" ? undefined : value("grpc-retry-pushback-ms");
      return this.governed.onAnswer(grpcVerdict(Number(status), pushback));
    }
    const after = head.status < 400 ? undefined : value("retry-after");
    return this.governed.onAnswer(httpVerdict(head.status, after));
  }

  protected override answerHeaders(fields: readonly HeaderField[]): readonly HeaderField[] {
    return responseFields(fields, this.governed.changes);
  }

  protected override onLegReset(code: number, cause: ResetCauseCode): void {
    const wasDelivering = this.governed.isDelivering;
    if (cause === ResetCause.UNPROCESSED) {
      this.governed.onBroken(Reason.REFUSED, "the host did not take the call");
    } else {
      const why = cause === ResetCause.LOST ? "connection lost" : `HTTP/2 error ${code}`;
      this.governed.onBroken(Reason.RESET, `the host reset the call: ${why}`);
    }
    if (!wasDelivering || this.ended) return;
    if (this.isGrpc) {
      const text = "the host reset the call before its answer was complete";
      return this.answerFailure(meshFailure(Reason.RESET, text));
    }
    this.cutOff();
  }

  protected override onFirstMessage(): void {
    // Nothing is routed by messages.
  }

  protected override onUnprocessed(): void {
    this.onLegReset(ErrorCode.REFUSED_STREAM, ResetCause.UNPROCESSED);
  }

  protected override onReplayLimit(): void {
    this.onUnprocessed();
  }

  protected override onLost(): void {
    this.onLegReset(ErrorCode.CANCEL, ResetCause.LOST);
  }

  protected override onEnded(code: StatusCode): void {
    if (this.isGrpc) this.governed.onDelivered(gradeOfGrpc(code), code);
    else this.governed.onDelivered();
  }

  /** The request itself is why the call cannot go on. */
  private reject(failure: MeshFailure): void {
    const wasDelivering = this.governed.isDelivering;
    this.governed.reject(failure);
    if (wasDelivering) this.answerFailure(failure);
  }

  /** The caller must not take what it got for the whole answer. */
  private cutOff(): void {
    if (this.ended) return;
    this.caller.reset(ErrorCode.INTERNAL_ERROR);
    this.end(0);
  }

  private answerPlain(
    status: number,
    more: readonly HeaderField[],
    content: string | Buffer,
  ): void {
    if (this.ended) return;
    const body = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    const fields = [
      new HeaderField(":status", String(status)),
      new HeaderField("content-length", String(body.length)),
      ...more,
    ];
    const mayHaveBody = status !== 204 && status !== 304;
    const hasBody = mayHaveBody && body.length > 0 && this.head.method !== "HEAD";
    this.caller.sendHeaders(fields, !hasBody);
    if (hasBody) this.caller.sendData(body, 0, body.length, true, true);
    this.end(0);
  }
}

function tooLarge(most: number): MeshFailure {
  return meshFailure(Reason.BODY_TOO_LARGE, `the request body is larger than ${most} bytes`);
}
