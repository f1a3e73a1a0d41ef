import {
  decompress,
  encodingOf,
  GrpcError,
  HeaderField,
  HeaderList,
  Status,
  type Head,
  type Http2Stream,
  type StatusCode,
} from "@layotto/grpc-transport";
import type { ProcessAnswer } from "@layotto/proto/sidecar/v1/extension";
import { errors } from "../errors.ts";
import type { ForwarderSettings } from "../forwarding/forwarder.ts";
import { deadlineExceeded, GatewayCall } from "../forwarding/gateway-call.ts";
import type { HookedRoute, Route } from "../routing/route.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { answerFields, codeOfAnswer, denial } from "./answer.ts";
import type { ExtensionTarget } from "./extension-target.ts";
import { framed, HeldReply } from "./held-reply.ts";
import type { Hook, MethodHooks } from "./hook.ts";
import { HookChain, type ChainOwner, type Exchange } from "./hook-chain.ts";
import { HookRun } from "./hook-run.ts";
import type { MethodKinds } from "./method-kinds.ts";

/** What calls with hooks need to know. */
export interface HookSettings {
  readonly target: ExtensionTarget;
  readonly kinds: MethodKinds;
}

const statusField = new HeaderField(":status", "200");
const typeField = new HeaderField("content-type", "application/grpc");
const okTrailers = [new HeaderField("grpc-status", "0")];

/**
 * A call with functions around it. Before: the request, or its headers and first message, waits until they have agreed.
 * After: the reply waits, whole for a unary method whose reply a function wants to see, otherwise its headers.
 */
export class HookedCall extends GatewayCall implements ChainOwner {
  private readonly hooks: MethodHooks;
  private readonly hookSettings: HookSettings;
  private readonly runs: HookRun[] = [];
  private chain: HookChain | undefined;
  private requestFields: readonly HeaderField[];
  private isAsked = false;
  private awaitsMessage = false;
  private reply: HeldReply | undefined;
  /** What the functions could see and change; trailers that come later they cannot. */
  private shownTrailers: HeaderList | undefined;
  private isLearning = false;
  private isDeciding = false;
  /** Nothing of the reply is held any more. */
  private isReleased: boolean;

  constructor(
    caller: Http2Stream,
    head: Head,
    endStream: boolean,
    route: HookedRoute<Upstream>,
    settings: ForwarderSettings,
    hookSettings: HookSettings,
  ) {
    super(caller, head, endStream, route, settings);
    this.hooks = route.hooks;
    this.hookSettings = hookSettings;
    this.requestFields = head.list.fields;
    this.isReleased = route.hooks.after.length === 0;
  }

  get hiddenNames(): ReadonlySet<string> {
    return this.settings.layers.stripped;
  }

  get maxMessageBytes(): number {
    return this.settings.maxFirstMessageBytes;
  }

  override follow(route: Route<Upstream>): void {
    if (this.ended) return;
    if (route.kind !== "hooked") return super.follow(route);
    const { before, readsRequest } = this.hooks;
    const isPointless = route.otherwise.kind === "unimplemented" || before.length === 0;
    if (this.isAsked || isPointless) return super.follow(route.otherwise);
    this.isAsked = true;
    this.awaitsMessage = readsRequest;
    if (readsRequest) this.gatherFirstMessage();
    else this.askBefore(undefined);
  }

  runOf(hook: Hook): HookRun {
    const known = this.runs.find((run) => run.hook === hook);
    if (known !== undefined) return known;
    const run = new HookRun(hook, this.hookSettings.target);
    this.runs.push(run);
    return run;
  }

  timeFor(hook: Hook): number {
    return Math.min(hook.config.timeout, this.leftMs() ?? Number.POSITIVE_INFINITY);
  }

  onChainDone(exchange: Exchange): void {
    if (this.reply !== undefined) return this.releaseReply(this.reply, exchange);
    const { fields, body } = exchange;
    this.requestFields = exchange.bodyChanged ? withoutLength(fields) : fields;
    if (exchange.bodyChanged && body !== undefined) this.replaceFirstMessage(body);
    // The table may be another one by now.
    this.follow(this.settings.routes.lookup(this.path));
  }

  onChainAnswer(hook: Hook, answer: ProcessAnswer): void {
    const { config, counters } = hook;
    if (codeOfAnswer(answer) !== Status.OK) {
      counters.denied += 1;
      return this.fail(denial(config.function, answer));
    }
    const { length } = answer.body;
    if (length > this.maxMessageBytes) {
      return this.onChainFailure(hook, `it answers with ${length} bytes, too many for a message`);
    }
    counters.answered += 1;
    this.answerWith(answer);
  }

  onChainFailure(hook: Hook, why: string | undefined): void {
    if (why === undefined) return this.refuse(deadlineExceeded);
    this.refuse(errors.EXTENSION_FAILED(hook.config.function, why));
  }

  override onUpstreamHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    if (this.isReleased || this.ended || list.oversize || !this.isLeg(stream)) {
      return super.onUpstreamHeaders(stream, list, endStream);
    }
    if (this.reply === undefined) {
      this.reply = new HeldReply(stream, list, endStream, this.caller);
    } else {
      this.reply.trailers = list;
      this.reply.isComplete = true;
    }
    this.decide(this.reply);
  }

  override onUpstreamData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    const { reply } = this;
    if (this.isReleased || this.ended || reply === undefined || !this.isLeg(stream)) {
      return super.onUpstreamData(stream, buffer, start, end, endStream);
    }
    if (!reply.add(buffer, start, end)) return this.fail(outOfBuffer);
    if (endStream) reply.isComplete = true;
    if (this.wantsWhole(reply)) {
      // What is held is bounded by the length of a message instead.
      reply.returnWindow(end - start);
      if (reply.length > this.maxMessageBytes + prefixBytes) return this.onTooLong(reply);
    }
    this.decide(reply);
  }

  protected override outgoingFields(leftMs: number | undefined): readonly HeaderField[] {
    // The functions have taken some of the caller's time.
    return this.sidecarFields(
      this.requestFields,
      leftMs ?? (this.isAsked ? this.leftMs() : undefined),
    );
  }

  protected override onFirstMessage(message: Buffer, compressed: boolean): void {
    if (!this.awaitsMessage) return super.onFirstMessage(message, compressed);
    this.awaitsMessage = false;
    if (!compressed) return this.askBefore(message);
    this.unpacked(message, this.header("grpc-encoding")).then(
      (plain) => this.askBefore(plain),
      (error: unknown) => this.refuse(error),
    );
  }

  protected override onUnprocessed(): void {
    if (this.reply === undefined) super.onUnprocessed();
    else this.onLost();
  }

  protected override onEnded(code: StatusCode): void {
    this.chain?.cancel();
    for (const run of this.runs) run.cancel();
    this.reply?.release();
    super.onEnded(code);
  }

  private askBefore(message: Buffer | undefined): void {
    if (this.ended) return;
    const { before } = this.hooks;
    const rest = { hasBody: true, trailers: [], bodyChanged: false };
    const exchange = { fields: this.requestFields, body: message, ...rest };
    this.chain = new HookChain(this, "request", before, exchange);
    this.chain.next();
  }

  /** Whether the hooks get the reply as a whole; what turns out to be a stream they do not. */
  private wantsWhole(reply: HeldReply): boolean {
    const { kinds } = this.hookSettings;
    if (!this.hooks.readsReply || reply.hasSeveral) return false;
    return kinds.answersStream(this.path) !== true;
  }

  /** Asks the functions after the call, once what they want to see is there. */
  private decide(reply: HeldReply): void {
    if (this.isDeciding || this.isReleased) return;
    if (this.hooks.readsReply && this.learnsKind(reply)) return;
    const isWhole = this.wantsWhole(reply);
    if (isWhole && !reply.isComplete) return;
    this.isDeciding = true;
    const message = isWhole ? reply.message : undefined;
    if (message?.compressed !== true) return this.askAfter(reply, message?.bytes);
    const encoding = reply.head.fields.find(({ name }) => name === "grpc-encoding")?.value;
    this.unpacked(message.bytes, encoding).then(
      (plain) => this.askAfter(reply, plain),
      (error: unknown) => this.refuse(error),
    );
  }

  /** Whether the sidecars are being asked what the method is; goes on when they have said it. */
  private learnsKind(reply: HeldReply): boolean {
    const { kinds } = this.hookSettings;
    const { learning } = kinds;
    if (learning === undefined || kinds.knows(this.path)) return false;
    if (!this.isLearning) void learning.then(() => this.ended || this.decide(reply));
    this.isLearning = true;
    return true;
  }

  private askAfter(reply: HeldReply, body: Buffer | undefined): void {
    if (this.ended) return;
    const trailers = reply.trailers?.fields ?? [];
    this.shownTrailers = reply.trailers;
    const hasBody = !reply.isHeadOnly && (!reply.isComplete || reply.length > 0);
    const exchange = { fields: reply.head.fields, body, hasBody, trailers, bodyChanged: false };
    this.chain = new HookChain(this, "response", this.hooks.after, exchange);
    this.chain.next();
  }

  /** Sends what is held, and the rest as it comes. */
  private releaseReply(reply: HeldReply, { fields, body, bodyChanged, trailers }: Exchange): void {
    const { stream, head, isHeadOnly } = reply;
    const isChanged = bodyChanged && body !== undefined && !isHeadOnly;
    const data = isChanged ? framed(body) : reply.data;
    const endsInData = reply.isComplete && !isHeadOnly && reply.trailers === undefined;
    this.isReleased = true;
    reply.release();
    const sent = isChanged ? withoutLength(fields) : fields;
    super.onUpstreamHeaders(stream, listOf(sent, head), isHeadOnly);
    if (data.length > 0 || endsInData)
      super.onUpstreamData(stream, data, 0, data.length, endsInData);
    if (reply.trailers === undefined) return;
    const isShown = reply.trailers === this.shownTrailers;
    const last = isShown ? listOf(trailers, reply.trailers) : reply.trailers;
    super.onUpstreamHeaders(stream, last, true);
  }

  /** A reply that is too long for the functions is what it would be for the caller: too long. */
  private onTooLong(reply: HeldReply): void {
    const isOpen = this.hooks.after.every(({ config }) => config.on_failure === "open");
    const text = `Received message larger than max (${reply.length} vs. ${this.maxMessageBytes})`;
    for (const hook of this.hooks.after) hook.failed(this.path, text);
    if (!isOpen) return this.fail(new GrpcError(Status.RESOURCE_EXHAUSTED, text));
    const { fields } = reply.head;
    this.releaseReply(reply, {
      fields,
      body: undefined,
      hasBody: true,
      trailers: [],
      bodyChanged: false,
    });
  }

  private answerWith(answer: ProcessAnswer): void {
    this.caller.sendHeaders([statusField, typeField, ...answerFields(answer)], false);
    this.caller.sendMessage(Buffer.from(answer.body), false, false);
    this.caller.sendTrailers(okTrailers);
    this.bytesOut += answer.body.length + prefixBytes;
    this.end(Status.OK);
  }

  private unpacked(bytes: Buffer, encoding: string | undefined): Promise<Buffer> {
    return decompress(bytes, encodingOf(encoding) ?? "identity", this.maxMessageBytes);
  }
}

/** Octets before a message. */
const prefixBytes = 5;

const outOfBuffer = new GrpcError(
  Status.RESOURCE_EXHAUSTED,
  "Connection buffers too many messages",
);

function withoutLength(fields: readonly HeaderField[]): readonly HeaderField[] {
  return fields.filter(({ name }) => name !== "content-length");
}

/** A list as it came, or a new one for other fields. */
function listOf(fields: readonly HeaderField[], list: HeaderList): HeaderList {
  return fields === list.fields ? list : new HeaderList(fields, false);
}
