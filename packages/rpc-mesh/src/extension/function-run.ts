import {
  statusName,
  type GrpcError,
  type MessageListener,
  type MessageStream,
} from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  Phase,
  ProcessRequestSchema,
  ProcessResponseSchema,
  type ProcessResponse,
} from "@layotto/proto/sidecar/v1/extension";
import type { Timer } from "@layotto/sidecar-kit";
import type { ListenerFunction } from "./listener-function.ts";

const requests = codecFor(ProcessRequestSchema);
const responses = codecFor(ProcessResponseSchema);
/** Most characters of an error of the extension that callers get to see. */
const MAX_WHY = 200;

/** One phase of a call, as a function is asked about it. */
export interface Question {
  readonly phase: "request" | "response";
  /** Name, value, name, value …; pseudo headers first. */
  readonly headers: readonly string[];
  /** Undefined: there is none, or the function does not see it. */
  readonly body?: Uint8Array | undefined;
  readonly trailers?: readonly string[];
  /** There is a body that the function does not see. */
  readonly bodyFollows: boolean;
  /** Path and value alternating; counted with the first question only. */
  readonly properties: readonly string[];
}

/** Gets what comes of a question, once: the response, or why there is none. */
export type OnOutcome = (response: ProcessResponse | undefined, why: string) => void;

/** One function beside one call: one stream, one question per phase. Cancelled, it tells nothing more. */
export class FunctionRun implements MessageListener, Timer {
  readonly owner: ListenerFunction;
  /** It was cancelled: nothing more is to be asked. */
  abandoned = false;
  private stream: MessageStream | undefined;
  private done: OnOutcome | undefined;
  private timer: Timer | undefined;
  private askedAt = 0;
  /** Why no more can be asked. */
  private over: string | undefined;
  /** The last question is answered: the stream ends by itself. */
  private finished = false;
  private last = false;
  private sending = false;

  constructor(owner: ListenerFunction) {
    this.owner = owner;
  }

  /** Whether the call goes on without it, from its first phase on. */
  get skips(): boolean {
    if (this.stream !== undefined || !this.owner.rests) return false;
    this.owner.counters.skipped++;
    this.cancel();
    return true;
  }

  /**
   * Asks the function.
   *
   * @param leftMs what is left of the call's time, ms; undefined: nothing limits it
   * @param last no further question follows
   * @param done never called before this returns
   */
  ask(question: Question, leftMs: number | undefined, last: boolean, done: OnOutcome): void {
    const { clock } = this.owner.tools;
    const timeoutMs = Math.min(this.owner.config.timeoutMs, Math.max(0, leftMs ?? Infinity));
    this.done = done;
    this.last = last;
    this.askedAt = clock.monotonic();
    this.sending = true;
    if (this.over !== undefined) this.fail(this.over);
    else {
      this.timer = clock.after(timeoutMs, () => this.expire(timeoutMs));
      this.send(question, timeoutMs, last);
    }
    this.sending = false;
  }

  onMessage(message: Buffer): void {
    try {
      const response = responses.decodeCopy(message);
      this.finished = this.last;
      this.settle()?.(response, "");
    } catch {
      this.fail("its answer is no ProcessResponse");
      this.stream?.cancel();
    }
  }

  onEnd(error: GrpcError | undefined): void {
    this.fail(error === undefined ? "it gave no answer" : inShort(error));
  }

  /** The call is over, or goes on without the function. */
  cancel(): void {
    this.abandoned = true;
    this.over ??= "the call is over";
    this.settle();
    if (!this.finished) this.stream?.cancel();
  }

  private send(question: Question, timeoutMs: number, last: boolean): void {
    const { config, tools } = this.owner;
    const first = this.stream === undefined;
    const bytes = requests.encode({
      function: first ? config.function : "",
      phase: question.phase === "request" ? Phase.REQUEST : Phase.RESPONSE,
      headers: [...question.headers],
      ...(question.body === undefined ? {} : { body: question.body }),
      trailers: [...(question.trailers ?? [])],
      bodyFollows: question.bodyFollows,
      properties: first ? [...question.properties] : [],
      timeoutMs: Math.max(1, Math.ceil(timeoutMs)),
    });
    this.stream ??= tools.client.open(config.onFailure === "closed", this);
    this.stream.send(bytes, last);
  }

  private expire(ms: number): void {
    this.fail(`no answer within ${Math.ceil(ms)} ms`);
    this.stream?.cancel();
  }

  private fail(why: string): void {
    this.over ??= why;
    const text = this.over;
    // Whoever asks is not ready for an answer before it has asked.
    if (this.sending) queueMicrotask(() => this.settle()?.(undefined, text));
    else this.settle()?.(undefined, text);
  }

  /** The question is answered: returns who asked it. */
  private settle(): OnOutcome | undefined {
    const { done, owner } = this;
    if (done === undefined) return undefined;
    this.done = undefined;
    this.timer?.cancel();
    owner.counters.latency.observe(owner.tools.clock.monotonic() - this.askedAt);
    return done;
  }
}

function inShort({ code, message }: GrpcError): string {
  const text = `${statusName(code)} ${message.replaceAll(/\s+/gu, " ")}`;
  return text.length > MAX_WHY ? `${text.slice(0, MAX_WHY - 1)}…` : text;
}
