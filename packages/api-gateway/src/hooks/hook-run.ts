import type {
  GrpcClient,
  GrpcError,
  MessageListener,
  MessageStream,
} from "@layotto/grpc-transport";
import { statusName } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  Phase,
  ProcessRequestSchema,
  ProcessResponseSchema,
  type ProcessResponse,
} from "@layotto/proto/sidecar/v1/extension";
import { processPath, type ExtensionTarget } from "./extension-target.ts";
import type { Hook } from "./hook.ts";

const requestCodec = codecFor(ProcessRequestSchema);
const responseCodec = codecFor(ProcessResponseSchema);

/** What a function is asked about. */
export interface HookQuestion {
  readonly phase: "request" | "response";
  /** Name, value, name, value … */
  readonly headers: string[];
  /** The message; undefined: there is none, or the function does not see it. */
  readonly body: Uint8Array | undefined;
  readonly trailers: string[];
  /** There is a message that the function does not see. */
  readonly bodyFollows: boolean;
  /** `:path` and address of the caller. */
  readonly path: string;
  readonly peer: string;
}

/** Gets what comes of a question: one of the two, once. */
export interface HookListener {
  /** Bytes in it are valid only during the call. */
  onResponse(hook: Hook, response: ProcessResponse): void;
  /** @param why in a few words */
  onFailure(hook: Hook, why: string): void;
}

/** One function beside one call: one stream, one question per phase. */
export class HookRun implements MessageListener {
  readonly hook: Hook;
  readonly #target: ExtensionTarget;
  #listener: HookListener | undefined;
  #stream: MessageStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timeoutMs = 0;
  #askedAt = 0;
  #waiting: AbortController | undefined;
  /** The last question was asked. */
  #isLast = false;
  /** Why the stream is over. */
  #over: string | undefined;

  constructor(hook: Hook, target: ExtensionTarget) {
    this.hook = hook;
    this.#target = target;
  }

  /** Asks the function; the listener is told, never before this returns unless the stream is over. */
  ask(question: HookQuestion, timeoutMs: number, listener: HookListener): void {
    this.#listener = listener;
    this.#timeoutMs = timeoutMs;
    this.#askedAt = performance.now();
    if (this.#over !== undefined) return this.#fail(this.#over);
    const isLast = this.hook.config.when !== "both" || question.phase === "response";
    this.#isLast = isLast;
    const bytes = this.#encode(question);
    this.#timer = setTimeout(expire, timeoutMs, this);
    if (this.#stream !== undefined) return this.#stream.send(bytes, isLast);
    const client = this.#target.client(this.hook.config.function);
    if (client !== undefined) this.#open(client, bytes, isLast);
    else if (this.hook.config.on_failure === "open") this.#fail(this.#absence());
    else void this.#openLater(bytes, isLast);
  }

  onMessage(message: Buffer): void {
    const listener = this.#settle();
    if (listener === undefined) return this.close();
    let response: ProcessResponse;
    try {
      response = responseCodec.decode(message);
    } catch {
      this.close();
      return listener.onFailure(this.hook, "its answer is no ProcessResponse");
    }
    this.hook.counters.latency.observe(performance.now() - this.#askedAt);
    listener.onResponse(this.hook, response);
  }

  onEnd(error: GrpcError | undefined): void {
    this.#over ??= error === undefined ? "it gave no answer" : inShort(error);
    this.#fail(this.#over);
  }

  /** The call is over: the function is told, unless its stream is at its end anyway. */
  close(): void {
    this.#over ??= "the call is over";
    const isAsked = this.#settle() !== undefined;
    this.#waiting?.abort();
    if (isAsked || !this.#isLast) this.#stream?.cancel();
  }

  /** The time of the question is over. */
  expire(): void {
    if (this.#listener === undefined) return;
    this.#over ??= `no answer within ${Math.ceil(this.#timeoutMs)} ms`;
    this.#waiting?.abort();
    this.#fail(this.#over);
    this.#stream?.cancel();
  }

  #encode(question: HookQuestion): Uint8Array {
    const { phase, headers, body, trailers, bodyFollows, path, peer } = question;
    const isFirst = this.#stream === undefined;
    const { function: name, when } = this.hook.config;
    return requestCodec.encode({
      function: isFirst ? name : "",
      phase: phase === "request" ? Phase.REQUEST : Phase.RESPONSE,
      headers,
      body,
      trailers,
      bodyFollows,
      properties: isFirst
        ? ["layotto.hook", when, "layotto.method", path, "source.address", peer]
        : [],
      timeoutMs: Math.ceil(this.#timeoutMs),
    });
  }

  #open(client: GrpcClient, bytes: Uint8Array, isLast: boolean): void {
    const metadata = this.#target.upstream(this.hook.config.function)?.metadata;
    const stream = client.messages(processPath, metadata === undefined ? {} : { metadata }, this);
    this.#stream = stream;
    stream.send(bytes, isLast);
  }

  async #openLater(bytes: Uint8Array, isLast: boolean): Promise<void> {
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    const options = { timeoutMs: this.#timeoutMs, signal };
    try {
      const client = await this.#target.wait(this.hook.config.function, options);
      if (this.#over !== undefined) return;
      if (client === undefined) this.#fail(this.#absence());
      else this.#open(client, bytes, isLast);
    } catch (error) {
      if (this.#over === undefined) this.#fail(this.#absence(error));
    }
  }

  #absence(error?: unknown): string {
    const upstream = this.#target.upstream(this.hook.config.function);
    if (upstream === undefined) return "no sidecar runs functions (is wasm-host configured?)";
    return `the ${upstream.name} sidecar cannot be reached: ${upstream.reason || String(error)}`;
  }

  #fail(why: string): void {
    this.#over ??= why;
    const listener = this.#settle();
    if (listener === undefined) return;
    this.hook.counters.latency.observe(performance.now() - this.#askedAt);
    listener.onFailure(this.hook, why);
  }

  /** The question is answered: returns who asked it. */
  #settle(): HookListener | undefined {
    const listener = this.#listener;
    this.#listener = undefined;
    clearTimeout(this.#timer);
    return listener;
  }
}

/** When the process itself was held up, the answer may be there already: it is read first. */
function expire(run: HookRun): void {
  setImmediate(expireNow, run);
}

function expireNow(run: HookRun): void {
  run.expire();
}

/** Most characters of an error of the sidecar that callers get to see. */
const maxWhy = 200;

function inShort({ code, message }: GrpcError): string {
  const text = `${statusName(code)} ${message.replaceAll(/\s+/g, " ")}`;
  return text.length > maxWhy ? `${text.slice(0, maxWhy - 1)}…` : text;
}
