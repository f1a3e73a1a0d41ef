import { appendText, expectsContinue, Framing, Gatherer, type Head } from "@layotto/http1";
import { Reason, type MeshFailure } from "../../call/failure.ts";
import type { CallOptions } from "../../call/governed-call.ts";
import type { MeshRuntime } from "../../call/runtime.ts";
import { meshFailure } from "../../call/statuses.ts";
import { FunctionChain } from "../../extension/function-chain.ts";
import type { FunctionRun } from "../../extension/function-run.ts";
import type { ListenerFunction } from "../../extension/listener-function.ts";
import { copiedResponseHead } from "../changed-head.ts";
import { failureAnswer } from "../own-answer.ts";
import { ProxyCall } from "../proxy-call.ts";
import type { ProxyExchange } from "../proxy-exchange.ts";
import type { ServerConnection } from "../server-connection.ts";
import type { BodyBudget } from "./body-budget.ts";
import { RequestDraft } from "./request-draft.ts";
import { ResponseDraft } from "./response-draft.ts";

/** Octets of a body that functions see, on listeners that set no limit of their own. */
const DEFAULT_BODY_BYTES = 1_048_576;

/** An answer that waits for functions. */
interface Held {
  readonly exchange: ProxyExchange;
  readonly head: Head;
  readonly body: Gatherer;
  bytes: number;
  /** It has come whole. */
  ended: boolean;
  trailers: Head | undefined;
  asked: boolean;
}

/**
 * A proxied call whose request and answer go through functions. Where none of them sees bodies, these stream as ever:
 * callers and hosts are not read while a function thinks.
 */
export class FilteredCall extends ProxyCall {
  private readonly runs: readonly FunctionRun[];
  private readonly seesBodies: boolean;
  private readonly mostBytes: number;
  private readonly budget: BodyBudget;
  /** Octets that count against the budget. */
  private counted = 0;
  /** The request is gathered before functions see it. */
  private gathering = false;
  /** The caller was told to go on with its body. */
  private continued = false;
  private held: Held | undefined;

  constructor(
    mesh: MeshRuntime,
    options: CallOptions,
    caller: ServerConnection,
    maxBodyBytes: number,
    filters: readonly ListenerFunction[],
    budget: BodyBudget,
  ) {
    const seesBodies = filters.some(({ body }) => body);
    const most = seesBodies && maxBodyBytes === 0 ? DEFAULT_BODY_BYTES : maxBodyBytes;
    super(mesh, options, caller, most);
    this.runs = filters.map((filter) => filter.start());
    this.seesBodies = seesBodies;
    this.budget = budget;
    this.mostBytes = most;
  }

  override onRequestBody(buffer: Buffer, start: number, end: number): void {
    super.onRequestBody(buffer, start, end);
    if (!this.over && this.seesBodies && !this.count(end - start)) this.finish(tooMany());
  }

  override onRequestEnd(trailers: Head | undefined): void {
    super.onRequestEnd(trailers);
    if (!this.gathering) return;
    this.gathering = false;
    if (!this.over) this.askRequest();
  }

  override onAnswerBody(exchange: ProxyExchange, buffer: Buffer, start: number, end: number): void {
    const { held } = this;
    if (held === undefined) {
      if (!this.over) super.onAnswerBody(exchange, buffer, start, end);
      return;
    }
    this.progress = true;
    held.bytes += end - start;
    if (!held.asked && held.bytes > this.mostBytes) return this.dropAnswer(this.tooLargeAnswer());
    if (this.seesBodies && !this.count(end - start)) return this.dropAnswer(tooMany());
    held.body.add(buffer, start, end);
  }

  override onAnswerEnd(exchange: ProxyExchange, trailers: Head | undefined): void {
    const { held } = this;
    if (held === undefined) {
      if (!this.over) super.onAnswerEnd(exchange, trailers);
      return;
    }
    held.ended = true;
    held.trailers = trailers;
    if (!held.asked) this.askResponse(held);
  }

  protected override beforeRoute(): void {
    if (!this.seesBodies || this.requestWhole) return this.askRequest();
    this.gathering = true;
    if (expectsContinue(this.head)) {
      this.continued = true;
      appendText(this.caller.output, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    this.resumeCaller();
  }

  protected override get mustPause(): boolean {
    return !this.gathering && super.mustPause;
  }

  protected override deliverHead(exchange: ProxyExchange, head: Head): void {
    if (head.status === 101) return super.deliverHead(exchange, head);
    const copy = copiedResponseHead(head, this.head.method);
    const held = { exchange, head: copy, body: new Gatherer(0), bytes: 0, ended: false, trailers: undefined, asked: false }; // prettier-ignore
    this.held = held;
    // All of it is wanted first.
    if (this.seesBodies && head.framing !== Framing.NONE) return;
    exchange.connection?.pause();
    this.askResponse(held);
  }

  /** Nothing of the answer is out yet: the caller can be told. */
  protected override cutAnswer(failure: MeshFailure): void {
    if (this.held === undefined) return super.cutAnswer(failure);
    this.held = undefined;
    this.caller.answer(failureAnswer(failure, this.head), this.requestWhole);
  }

  protected override ended(): void {
    for (const run of this.runs) run.cancel();
    this.budget.giveBack(this.counted);
    this.counted = 0;
  }

  private count(bytes: number): boolean {
    this.counted += bytes;
    return this.budget.take(bytes);
  }

  private askRequest(): void {
    const { head, kept, requestTrailers: trailers, continued } = this;
    const { listener = "" } = this.runs[0]?.owner ?? {};
    const draft = new RequestDraft(
      {
        head,
        listener,
        trailers,
        continued,
        view: this.options.request,
        body: this.seesBodies ? kept.bytes : undefined,
        hasBody: head.framing !== Framing.NONE,
      },
      (failure) => {
        if (this.over) return;
        if (failure !== undefined) return this.finish(failure);
        if (draft.changed) this.take(draft);
        super.beforeRoute();
      },
    );
    this.timing.hold(new FunctionChain(this.runs, draft, this.timing.leftMs, false).start());
  }

  private take({ head, body, bodyChanged, trailers }: RequestDraft): void {
    this.adopt(head);
    if (bodyChanged && body !== undefined) this.kept.replace(body);
    if (this.requestWhole) this.requestTrailers = trailers;
  }

  private askResponse(held: Held): void {
    held.asked = true;
    const { head, trailers } = held;
    const runs = this.runs.filter(({ abandoned }) => !abandoned).toReversed();
    const draft = new ResponseDraft(
      {
        head,
        trailers,
        method: this.head.method,
        body: this.seesBodies ? held.body.take() : undefined,
        hasBody: head.framing !== Framing.NONE,
      },
      (failure) => {
        if (this.over || this.held !== held) return;
        if (failure !== undefined) return this.dropAnswer(failure);
        this.release(held, draft);
      },
    );
    this.timing.hold(new FunctionChain(runs, draft, this.timing.leftMs, true).start());
  }

  private release(held: Held, { head, body, trailers }: ResponseDraft): void {
    const { exchange } = held;
    this.held = undefined;
    super.deliverHead(exchange, head);
    const bytes = body ?? held.body.take();
    if (bytes.length > 0) super.onAnswerBody(exchange, bytes, 0, bytes.length);
    if (held.ended) super.onAnswerEnd(exchange, this.seesBodies ? trailers : held.trailers);
    else if (!this.hostPaused) exchange.connection?.resume();
  }

  /** The host's answer does not go out. */
  private dropAnswer(failure: MeshFailure): void {
    this.held = undefined;
    this.refused(failure);
    this.caller.answer(failureAnswer(failure, this.head), this.requestWhole);
  }

  private tooLargeAnswer(): MeshFailure {
    const name = this.runs.find(({ owner }) => owner.body)?.owner.config.function ?? "";
    const message = `the answer is larger than ${this.mostBytes} octets: function "${name}" is to see all of it`;
    return { reason: Reason.BODY_TOO_LARGE, message, status: 502 };
  }
}

function tooMany(): MeshFailure {
  return meshFailure(Reason.OVERFLOW, "too many bodies wait for functions; try again later");
}
