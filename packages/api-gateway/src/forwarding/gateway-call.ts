import {
  decompress,
  encodingOf,
  ForwardedCall,
  GrpcError,
  parseTimeout,
  Status,
  type Head,
  type HeaderField,
  type Http2Connection,
  type Http2Stream,
  type StatusCode,
} from "@layotto/grpc-transport";
import type { MethodMetrics } from "@layotto/sidecar-kit";
import { errors } from "../errors.ts";
import type { LayeredCall } from "../layers/layer.ts";
import type { OwnRoute, Route, ServedRoute } from "../routing/route.ts";
import { selectUpstream } from "../routing/select-upstream.ts";
import { selectString } from "../routing/selector.ts";
import type { Replica } from "../upstream/replica.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { ForwarderSettings } from "./forwarder.ts";
import { requestFields } from "./request-fields.ts";
import { wireError } from "./wire-error.ts";

/** The caller's time is over. */
export const deadlineExceeded = new GrpcError(Status.DEADLINE_EXCEEDED, "Deadline exceeded");

/** How often a call that no sidecar acted on is sent again. */
const MAX_SENDS = 10;

/** One call through the gateway: from route to upstream to replica, and its end. */
export class GatewayCall extends ForwardedCall implements LayeredCall {
  readonly path: string;
  metrics: MethodMetrics;
  startedAt = 0;
  waitMs = 0;
  flowGeneration = 0;
  protected readonly settings: ForwarderSettings;
  private readonly beganAt = Date.now();
  private beganWaiting = this.beganAt;
  private upstream: Upstream | undefined;
  private replica: Replica | undefined;
  private route: Route<Upstream>;
  private stop: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sends = 0;

  constructor(
    caller: Http2Stream,
    head: Head,
    endStream: boolean,
    route: Route<Upstream>,
    settings: ForwarderSettings,
  ) {
    super(caller, head, endStream, settings);
    this.path = head.path;
    this.metrics = route.metrics;
    this.route = route;
    this.settings = settings;
  }

  get upstreamName(): string {
    return this.upstream?.name ?? "";
  }

  header(name: string): string | undefined {
    return this.head.list.fields.find((field) => field.name === name)?.value;
  }

  /** Does so after a wait that a layer wants, never past the caller's deadline. Costs no more than a timer meanwhile. */
  followLater(waitMs: number): void {
    const leftMs = this.leftMs() ?? Number.POSITIVE_INFINITY;
    const wait = Math.max(0, Math.min(waitMs, leftMs));
    this.timer = setTimeout(() => {
      if (leftMs <= waitMs) return this.failWait(deadlineExceeded);
      // The wait was the layer's; what a call may wait for its upstream begins now.
      this.beganWaiting = Date.now();
      this.follow(this.settings.routes.lookup(this.path));
    }, wait);
  }

  /** Does with the call what its route says. */
  follow(route: Route<Upstream>): void {
    this.route = route;
    if (this.metrics !== route.metrics) {
      const before = this.metrics;
      this.metrics = route.metrics;
      this.settings.layers.onRoute(this, before);
    }
    switch (route.kind) {
      case "forward":
        return this.dispatch(route.upstream);
      case "shared":
      case "own":
        return this.gatherFirstMessage();
      case "hooked":
        return this.follow(route.otherwise);
      case "unconfigured":
        return this.refuse(route.error);
      case "waiting":
        return void this.awaitRoute(route.missing);
      case "unimplemented":
        return this.refuse(errors.METHOD_UNKNOWN(this.path));
    }
  }

  /** Ends the call with an error of the gateway. */
  refuse(error: unknown): void {
    this.fail(wireError(error));
  }

  protected override onFirstMessage(message: Buffer, compressed: boolean): void {
    const { route } = this;
    if (route.kind !== "shared" && route.kind !== "own") return this.follow(route);
    if (!compressed) return this.routeMessage(route, message);
    const encoding = encodingOf(this.header("grpc-encoding")) ?? "identity";
    decompress(message, encoding, this.settings.maxFirstMessageBytes).then(
      (plain) => this.routeMessage(route, plain),
      (error: unknown) => this.refuse(error),
    );
  }

  protected override onUnprocessed(): void {
    this.leaveReplica();
    const { upstream } = this;
    if (upstream === undefined || this.sends >= MAX_SENDS) return this.onLost();
    upstream.replays++;
    this.dispatch(upstream);
  }

  protected override onReplayLimit(): void {
    const { capability } = this.upstream ?? { capability: "" };
    this.refuse(errors.REPLAY_LIMIT(capability, this.settings.replayBytes));
  }

  protected override onLost(): void {
    if (this.upstream === undefined) return this.refuse(errors.METHOD_UNKNOWN(this.path));
    const why = "the connection was lost during the call";
    this.refuse(errors.SIDECAR_UNAVAILABLE(this.upstream.capability, why));
  }

  protected override onEnded(code: StatusCode): void {
    this.leaveReplica();
    clearTimeout(this.timer);
    this.stop?.abort();
    this.settings.layers.onEnd(this, code, this.bytesIn, this.bytesOut);
  }

  private routeMessage(
    route: ServedRoute<Upstream> | OwnRoute<Upstream>,
    message: Uint8Array,
  ): void {
    if (route.kind === "own") this.answerOwn(route, message);
    else this.choose(route, message);
  }

  /** Messages of another value of the field are not the gateway's business. */
  private answerOwn({ method, otherwise }: OwnRoute<Upstream>, message: Uint8Array): void {
    if (this.ended) return;
    if (selectString(message, method.fieldPath) !== method.value) return this.follow(otherwise);
    try {
      this.answer(method.answer(message));
    } catch (error) {
      this.refuse(error);
    }
  }

  private choose(route: ServedRoute<Upstream>, message: Uint8Array): void {
    if (this.ended) return;
    const upstream = selectUpstream(route, message);
    if (upstream !== undefined) return this.dispatch(upstream);
    const field = route.kind === "shared" ? route.fieldName : "";
    this.refuse(errors.MESSAGE_MALFORMED(this.path, field));
  }

  private dispatch(upstream: Upstream): void {
    if (this.ended) return;
    this.upstream = upstream;
    const replica = upstream.pick(this.path);
    const leftMs = this.waitMs > 0 ? this.leftMs() : undefined;
    if (replica === undefined || !this.sendOn(replica, replica.client.connection, leftMs))
      void this.awaitReplica(upstream);
  }

  /** Sends the call if the replica can take it now; says whether it did. */
  private sendOn(replica: Replica, connection: Http2Connection | null, leftMs?: number): boolean {
    if (connection === null) return false;
    this.sends++;
    this.replica = replica;
    replica.outstanding++;
    this.send(connection, this.outgoingFields(leftMs));
    return true;
  }

  /** Request headers for the sidecar; `leftMs` of the caller's deadline, undefined when the field may stay. */
  protected outgoingFields(leftMs: number | undefined): readonly HeaderField[] {
    return this.sidecarFields(this.head.list.fields, leftMs);
  }

  protected sidecarFields(
    fields: readonly HeaderField[],
    leftMs: number | undefined,
  ): readonly HeaderField[] {
    const { stripped } = this.settings.layers;
    return requestFields(fields, { stripped, added: this.upstream?.headerFields ?? [], leftMs });
  }

  private async awaitReplica(upstream: Upstream): Promise<void> {
    try {
      const replica = await upstream.waitUntilReady(this.path, this.waitOptions());
      if (this.ended) return;
      const { timeoutMs, signal } = this.waitOptions();
      // Usually at once; not while the connection is being replaced, or is full.
      replica.client.acquire(timeoutMs, signal, (connection) => {
        if (this.ended || this.sendOn(replica, connection, this.leftMs())) return;
        if (this.waitOptions().timeoutMs > 0) this.dispatch(upstream);
        else this.failWait(upstream.unavailable());
      });
    } catch (error) {
      this.failWait(error);
    }
  }

  private async awaitRoute(missing: readonly string[]): Promise<void> {
    try {
      const route = await this.settings.routes.resolve(this.path, this.waitOptions());
      if (this.ended) return;
      if (route.kind !== "waiting") return this.follow(route);
      this.refuse(errors.SIDECAR_UNAVAILABLE(missing.join(", "), "it has not been reached yet"));
    } catch (error) {
      this.failWait(error);
    }
  }

  private failWait(error: unknown): void {
    if (this.ended) return;
    const left = this.leftMs();
    if (left !== undefined && left <= 0) {
      return this.refuse(deadlineExceeded);
    }
    this.refuse(error);
  }

  /** The wait for an upstream counts from the call's beginning, and ends with the call. */
  private waitOptions(): { timeoutMs: number; signal: AbortSignal } {
    this.stop ??= new AbortController();
    const waited = Date.now() - this.beganWaiting;
    const left = this.leftMs() ?? Number.POSITIVE_INFINITY;
    const timeoutMs = Math.max(0, Math.min(this.settings.upstreamWaitMs - waited, left));
    return { timeoutMs, signal: this.stop.signal };
  }

  /** What is left of the caller's deadline, ms; undefined without one. */
  protected leftMs(): number | undefined {
    if (this.head.timeout === "") return undefined;
    const timeoutMs = parseTimeout(this.head.timeout);
    return Number.isNaN(timeoutMs) ? undefined : timeoutMs - (Date.now() - this.beganAt);
  }

  private leaveReplica(): void {
    if (this.replica !== undefined) this.replica.outstanding--;
    this.replica = undefined;
  }
}
