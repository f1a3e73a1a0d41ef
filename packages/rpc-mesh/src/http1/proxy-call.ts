import {
  type CallerCall,
  append,
  appendChunk,
  appendFinalChunk,
  congested,
  consistsOf,
  Field,
  Framing,
  type Head,
  isValue,
  type Target,
} from "@layotto/http1";
import type { Attempt } from "../call/attempt.ts";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { GovernedCall, type CallOptions } from "../call/governed-call.ts";
import { httpVerdict } from "../call/grades.ts";
import type { MeshRuntime } from "../call/runtime.ts";
import { meshFailure } from "../call/statuses.ts";
import { isSafeToRepeat } from "../call/verbs.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { DirectAction, RedirectAction } from "../model/route.ts";
import { redirectLocation } from "../routing/router.ts";
import { bodyLine, changedRequestHead } from "./changed-head.ts";
import { HeadView } from "./head-view.ts";
import { changesOf } from "./header-changes.ts";
import { KeptBody } from "./kept-body.ts";
import { sendMirror } from "./mirror-exchange.ts";
import { configuredAnswer, failureAnswer } from "./own-answer.ts";
import { http1Pool } from "./pool.ts";
import { ProxyExchange } from "./proxy-exchange.ts";
import type { ServerConnection } from "./server-connection.ts";
import { appendRequestHead } from "./write-request.ts";
import { appendResponseHead, framingTo } from "./write-response.ts";

/** Time an answer without a length may stand still because its host sends nothing, ms. */
const STREAM_STALL_MS = 300_000;

/**
 * One proxied call: the request as the caller sends it, the answer as a host gives it, both passed on as they come.
 *
 * The request's octets are kept while another attempt may need them, at most 64 KiB. While nobody can take them the
 * caller is not read; while the caller takes nothing the host is not read.
 */
export class ProxyCall extends GovernedCall implements CallerCall {
  head: Head;
  readonly kept = new KeptBody();
  /** The caller has sent all of the request. */
  requestWhole = false;
  requestTrailers: Head | undefined;
  /** The request asks for another protocol. */
  readonly upgrade: boolean;
  /** The answer began to go out. */
  delivering: ProxyExchange | undefined;
  /** Something of the answer came since this was reset. */
  progress = false;
  protected readonly caller: ServerConnection;
  private readonly maxBodyBytes: number;
  private exchanges: ProxyExchange[] = [];
  private framing: number = Framing.NONE;
  protected hostPaused = false;

  constructor(
    mesh: MeshRuntime,
    options: CallOptions,
    caller: ServerConnection,
    maxBodyBytes: number,
  ) {
    super(mesh, options);
    this.caller = caller;
    this.head = caller.head;
    this.upgrade = caller.wantsUpgrade;
    this.maxBodyBytes = maxBodyBytes;
  }

  /** Octets of the request's body. */
  onRequestBody(buffer: Buffer, start: number, end: number): void {
    const { kept, exchanges } = this;
    kept.add(buffer, start, end, !this.allAttached);
    const most = this.maxBodyBytes;
    if (most > 0 && kept.total > most) return this.tooLarge(most);
    for (const exchange of exchanges) exchange.sendBody(buffer, start, end);
    this.dropLate();
    if (this.mustPause) this.caller.pauseReading();
  }

  /** The request is whole. */
  onRequestEnd(trailers: Head | undefined): void {
    this.requestWhole = true;
    this.requestTrailers = trailers;
    for (const exchange of this.exchanges) exchange.endBody(trailers);
    this.requestComplete();
  }

  /** An exchange has its connection, and all that was kept. */
  onAttached(): void {
    this.dropLate();
    this.resumeCaller();
  }

  /** Reads the caller on if there is somebody to take what it sends. */
  resumeCaller(): void {
    if (!this.mustPause) this.caller.resumeReading();
  }

  /** The caller takes more after it was congested. */
  onDrained(): void {
    if (!this.hostPaused) return;
    this.hostPaused = false;
    this.delivering?.connection?.resume();
  }

  get answering(): boolean {
    return this.delivering !== undefined;
  }

  /** Time its answer may stand still, ms. One that has a length is no stream: its host owes the rest. */
  get answerStallMs(): number {
    const action = this.route?.action;
    const total =
      (action?.type === "forward" ? action.timeoutMs : undefined) ?? this.options.timeoutMs;
    return this.framing === Framing.LENGTH && total > 0
      ? Math.min(total, STREAM_STALL_MS)
      : STREAM_STALL_MS;
  }

  /** The answer stands still: its host is to blame. */
  onStall(): void {
    const { delivering } = this;
    if (delivering === undefined) return;
    delivering.abort();
    this.onBroken(delivering, Reason.RESET, "the answer stands still");
  }

  /** Bytes of the tunnel that began with 101. */
  onTunnel(buffer: Buffer, start: number, end: number): void {
    const connection = this.delivering?.connection;
    if (connection === undefined) return;
    append(connection.output, buffer, start, end);
    if (congested(connection.output)) this.caller.pauseReading();
  }

  /** The caller has closed its end of the tunnel. */
  endTunnel(): void {
    const { delivering } = this;
    if (delivering === undefined || this.over) return;
    this.exchanges = [];
    this.completed(delivering.attempt);
    delivering.connection?.endTunnel();
  }

  writeHead(target: Target, { path, authority, cluster, host }: Attempt): void {
    const { head, upgrade } = this;
    const named = authority === "" && (head.seen & Field.HOST) === 0 ? host.address : authority;
    const changes = changesOf(this.route, cluster).request;
    appendRequestHead(target, head, {
      path,
      authority: named,
      upgrade,
      changes,
      by: this.caller.by,
    });
  }

  onInterim(head: Head): void {
    if (this.over || this.delivering !== undefined || this.caller.minor === 0) return;
    if (head.status === 100 && (this.head.seen & Field.EXPECT) === 0) return;
    const changes = changesOf(undefined, undefined).response;
    appendResponseHead(this.caller.output, head, { callerMinor: 1, close: false, changes });
  }

  onHead(exchange: ProxyExchange, head: Head): void {
    if (!this.answered(exchange.attempt, httpVerdict(head.status, head.known(Field.RETRY_AFTER)))) {
      this.forget(exchange);
      return exchange.ignoreAnswer(head);
    }
    this.delivering = exchange;
    this.progress = true;
    this.exchanges = [exchange];
    this.kept.drop();
    this.deliverHead(exchange, head);
  }

  /** The answer begins to go out. */
  protected deliverHead(exchange: ProxyExchange, head: Head): void {
    this.framing = framingTo(this.caller.minor, head);
    const close = this.caller.decideClose(this.framing === Framing.CLOSE);
    const changes = changesOf(this.route, exchange.attempt.cluster).response;
    this.caller.answerBegins();
    appendResponseHead(this.caller.output, head, {
      callerMinor: this.caller.minor,
      close,
      changes,
    });
    if (head.status === 101) {
      this.framing = Framing.CLOSE;
      this.caller.beginTunnel();
    }
  }

  onAnswerBody(exchange: ProxyExchange, buffer: Buffer, start: number, end: number): void {
    const { output } = this.caller;
    this.progress = true;
    if (this.framing === Framing.CHUNKED) appendChunk(output, buffer, start, end);
    else if (this.framing !== Framing.NONE) append(output, buffer, start, end);
    if (!congested(output)) return;
    this.hostPaused = true;
    exchange.connection?.pause();
  }

  onAnswerEnd(exchange: ProxyExchange, trailers: Head | undefined): void {
    this.exchanges = [];
    if (this.framing === Framing.CHUNKED) appendFinalChunk(this.caller.output, trailers);
    this.completed(exchange.attempt);
    this.caller.answerDone();
  }

  onBroken(exchange: ProxyExchange, reason: Reason, detail: string): void {
    const cut = this.delivering === exchange;
    this.forget(exchange);
    this.broken(exchange.attempt, reason, detail);
    if (cut) this.cutAnswer(meshFailure(reason, detail));
  }

  /** The answer cannot be finished. */
  protected cutAnswer(_failure: MeshFailure): void {
    this.caller.cut(this.framing === Framing.CLOSE);
  }

  /** A function has changed the request: from now on it is what is sent. */
  protected override changeHeaders(headers: readonly string[]): undefined {
    try {
      this.adopt(changedRequestHead(this.head, headers, bodyLine(this.head)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.finish(meshFailure(Reason.FUNCTION, `a function has made the request unfit: ${why}`));
    }
  }

  /** Goes on with another head. */
  protected adopt(head: Head): void {
    const { peerAddress } = this.options.request;
    this.head = head;
    this.options = { ...this.options, request: new HeadView(head, peerAddress) };
  }

  protected override get replayable(): boolean {
    return this.kept.whole;
  }

  protected override get idempotent(): boolean {
    return isSafeToRepeat(this.head.method);
  }

  /** Answers may be streams without end: only the time to their head is limited, then their stalls. */
  protected override get timesWholeAnswer(): boolean {
    return false;
  }

  protected override send(attempt: Attempt): void {
    const most = this.route?.config.limits.maxBodyBytes ?? 0;
    if (most > 0 && Math.max(this.head.contentLength, this.kept.total) > most) {
      return this.broken(attempt, Reason.BODY_TOO_LARGE, tooLargeText(most));
    }
    const { host, cluster } = attempt;
    const wanted = cluster.config.protocol ?? this.options.protocol;
    if (wanted !== "http1") {
      const text = `cluster "${cluster.name}" speaks ${wanted}: calls in HTTP/1.1 cannot be turned into it`;
      return this.broken(attempt, Reason.PROTOCOL_ERROR, text);
    }
    const pool = http1Pool(host, cluster, this.mesh.clock, this.caller.onFault);
    const exchange = new ProxyExchange(this, attempt, pool);
    attempt.state = exchange;
    this.exchanges.push(exchange);
    exchange.start();
  }

  protected override abort(attempt: Attempt): void {
    const { state } = attempt;
    if (!(state instanceof ProxyExchange)) return;
    this.forget(state);
    state.abort();
  }

  protected override fail(failure: MeshFailure): void {
    this.caller.answer(failureAnswer(failure, this.head), this.requestWhole);
  }

  protected override direct(action: DirectAction | RedirectAction): void {
    if (action.type === "direct") {
      return this.caller.answer(configuredAnswer(action.status, action.body), this.requestWhole);
    }
    const { scheme } = this.caller.by;
    const location = this.route && redirectLocation(this.route, this.options.request, scheme);
    if (location === undefined || !consistsOf(location, isValue)) {
      return this.fail(meshFailure(Reason.NO_ROUTE, "the redirect leads to no valid location"));
    }
    const empty = configuredAnswer(action.status, "");
    const lines = `location: ${location}\r\n`;
    this.caller.answer({ ...empty, lines }, this.requestWhole);
  }

  protected override mirror(cluster: Cluster, host: Host): void {
    if (this.kept.whole && !this.upgrade) sendMirror(this, cluster, host);
  }

  private get allAttached(): boolean {
    const { exchanges } = this;
    for (let i = 0; i < exchanges.length; i++) {
      if (exchanges[i]?.connection === undefined) return false;
    }
    return exchanges.length > 0;
  }

  /** Nobody can take more of the request. */
  protected get mustPause(): boolean {
    for (const exchange of this.exchanges) if (exchange.congested) return true;
    return this.kept.full && this.delivering === undefined && !this.allAttached;
  }

  /** What held the caller up may have been this exchange. */
  private forget(exchange: ProxyExchange): void {
    this.exchanges = this.exchanges.filter((each) => each !== exchange);
    this.resumeCaller();
  }

  /** Hedges without a connection are given up when no more can be kept for them: those that have one need the rest. */
  private dropLate(): void {
    const { exchanges } = this;
    if (exchanges.length < 2 || !this.kept.full || this.requestWhole) return;
    if (exchanges.every((each) => each.connection === undefined)) return;
    for (const exchange of exchanges) {
      if (exchange.connection !== undefined) continue;
      exchange.abort();
      this.onBroken(exchange, Reason.OVERFLOW, "there was no connection before the body was too long to be kept");
    }
  } // prettier-ignore

  private tooLarge(most: number): void {
    const cut = this.delivering !== undefined;
    const failure = meshFailure(Reason.BODY_TOO_LARGE, tooLargeText(most));
    this.refused(failure);
    if (cut) this.cutAnswer(failure);
  }
}

export function tooLargeText(most: number): string {
  return `the body is larger than ${most} octets`;
}
