import {
  statusName,
  type GrpcError,
  type MessageListener,
  type MessageStream,
} from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  Extension,
  Phase,
  ProcessRequestSchema,
  ProcessResponseSchema,
  type ProcessResponse,
} from "@layotto/proto/sidecar/v1/extension";
import type { Clock, Timer } from "./clock.ts";
import type { Histogram } from "./metrics/histogram.ts";
import { methodPath } from "./service/implement.ts";

const requests = codecFor(ProcessRequestSchema);
const responses = codecFor(ProcessResponseSchema);

/** Most characters of an error of the extension that callers get to see. */
const maxWhy = 200;

/** `:path` of the method that functions run behind. */
export const processPath = methodPath(Extension.method.process);

/** One phase of a call, as a function is asked about it. */
export interface ExtensionQuestion {
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

/** Gets what comes of a question: one of the two, once, never before it was asked. */
export interface ExtensionListener {
  /** Bytes in it are valid only during the call. */
  onResponse(response: ProcessResponse): void;
  /** @param why in a few words */
  onFailure(why: string): void;
}

/** What one function is asked with, beside all calls. */
export interface ExtensionSettings {
  /** Its name. */
  readonly function: string;
  readonly clock: Pick<Clock, "after"> & {
    /** Milliseconds with fractions that never step. */
    monotonic(): number;
  };
  /** How long questions take, however they end. */
  readonly latency: Histogram;
}

/**
 * One function beside one call: one stream of `sidecar.v1.Extension/Process`, one question per phase. Cancelled, it tells
 * nothing more. Who asks says how the stream is opened.
 */
export abstract class ExtensionRun implements MessageListener {
  readonly #settings: ExtensionSettings;
  #stream: MessageStream | undefined;
  #listener: ExtensionListener | undefined;
  #timer: Timer | undefined;
  #timeoutMs = 0;
  #askedAt = 0;
  /** Waits for the stream. */
  #unsent: Uint8Array | undefined;
  /** The last question was asked. */
  #isLast = false;
  #isAsking = false;
  /** Why no more can be asked. */
  #over: string | undefined;

  constructor(settings: ExtensionSettings) {
    this.#settings = settings;
  }

  /** Whether the function takes part in the call: its stream is open. */
  get hasBegun(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Asks the function. Only after the answer to the question before.
   *
   * @param timeoutMs from now on; it includes the wait for a stream
   * @param isLast no further question follows
   */
  ask(
    question: ExtensionQuestion,
    timeoutMs: number,
    isLast: boolean,
    listener: ExtensionListener,
  ): void {
    const { clock } = this.#settings;
    this.#listener = listener;
    this.#timeoutMs = timeoutMs;
    this.#isLast = isLast;
    this.#askedAt = clock.monotonic();
    this.#isAsking = true;
    if (this.#over !== undefined) this.fail(this.#over);
    else {
      this.#timer = clock.after(timeoutMs, () => this.#expire());
      this.#send(this.#encode(question), timeoutMs);
    }
    this.#isAsking = false;
  }

  onMessage(message: Buffer): void {
    const listener = this.#settle();
    if (listener === undefined) return this.#answeredUnasked();
    let response: ProcessResponse;
    try {
      response = responses.decode(message);
    } catch {
      const why = "its answer is no ProcessResponse";
      this.#finish(why);
      this.#stream?.cancel();
      return listener.onFailure(why);
    }
    listener.onResponse(response);
  }

  onEnd(error: GrpcError | undefined): void {
    this.fail(error === undefined ? "it gave no answer" : inShort(error));
  }

  /** The call is over, or goes on without the function, which hears of it unless its stream is at its end anyway. */
  cancel(): void {
    const isAsked = this.#settle() !== undefined;
    this.#finish("the call is over");
    if (isAsked || !this.#isLast) this.#stream?.cancel();
  }

  /**
   * Opens the stream: for this run, with {@link processPath}.
   *
   * @param timeoutMs how long that may take
   * @returns undefined: {@link opened} or {@link fail} follows
   */
  protected abstract open(timeoutMs: number): MessageStream | undefined;

  /** The stream that had to be waited for is there. */
  protected opened(stream: MessageStream): void {
    if (this.#over !== undefined) return stream.cancel();
    this.#stream = stream;
    if (this.#unsent !== undefined) stream.send(this.#unsent, this.#isLast);
    this.#unsent = undefined;
  }

  /** No answer will come any more. */
  protected fail(why: string): void {
    const text = this.#finish(why);
    // Whoever asks is not ready for an answer before it has asked.
    if (this.#isAsking) queueMicrotask(() => this.#settle()?.onFailure(text));
    else this.#settle()?.onFailure(text);
  }

  /** Nothing more is asked: whatever {@link open} waits for is in vain. Called once. */
  protected onOver(): void {}

  #send(bytes: Uint8Array, timeoutMs: number): void {
    this.#stream ??= this.open(timeoutMs);
    if (this.#stream === undefined) this.#unsent = bytes;
    else this.#stream.send(bytes, this.#isLast);
  }

  #encode(question: ExtensionQuestion): Uint8Array {
    const { phase, headers, body, trailers = none, bodyFollows, properties } = question;
    const isFirst = this.#stream === undefined;
    return requests.encode({
      function: isFirst ? this.#settings.function : "",
      phase: phase === "request" ? Phase.REQUEST : Phase.RESPONSE,
      headers: written(headers),
      body,
      trailers: written(trailers),
      bodyFollows,
      properties: isFirst ? written(properties) : none,
      timeoutMs: Math.max(1, Math.ceil(this.#timeoutMs)),
    });
  }

  /** A function that says more than it is asked has failed: the next question gets that for an answer. */
  #answeredUnasked(): void {
    if (this.#over !== undefined) return;
    this.#finish("it gave an answer that nobody asked for");
    this.#stream?.cancel();
  }

  #expire(): void {
    if (this.#listener === undefined) return;
    this.fail(`no answer within ${Math.ceil(this.#timeoutMs)} ms`);
    this.#stream?.cancel();
  }

  /** Returns why it is over, which is what it was over for first. */
  #finish(why: string): string {
    if (this.#over !== undefined) return this.#over;
    this.#over = why;
    this.onOver();
    return why;
  }

  /** The question is answered: returns who asked it. */
  #settle(): ExtensionListener | undefined {
    const listener = this.#listener;
    if (listener === undefined) return undefined;
    const { latency, clock } = this.#settings;
    this.#listener = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    latency.observe(clock.monotonic() - this.#askedAt);
    return listener;
  }
}

const none: string[] = [];

/** A list that is only read, as the codec takes it. */
function written(list: readonly string[]): string[] {
  return list as string[]; // encoding changes nothing
}

function inShort({ code, message }: GrpcError): string {
  const text = `${statusName(code)} ${message.replaceAll(/\s+/gu, " ")}`;
  return text.length > maxWhy ? `${text.slice(0, maxWhy - 1)}…` : text;
}
