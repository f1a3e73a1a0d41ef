import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Phase,
  type ProcessRequest,
  type ProcessResponseSchema,
} from "@layotto/proto/sidecar/v1/extension";
import { ownBytes, type RpcError } from "@layotto/sidecar-kit";
import { errors } from "../errors.ts";
import type { CallOptions, EngineStream, StreamSink } from "../model/engine.ts";
import { factsOf } from "../model/request-facts.ts";
import type { FlatHeaders, PhaseInput, StreamInput, StreamOutput } from "../model/streams.ts";

/** Opens a call of an installed function by its name; undefined: there is none. */
export type OpenFunction = (
  name: string,
  input: StreamInput,
  sink: StreamSink,
  options?: CallOptions,
) => EngineStream | undefined;

/** What a function makes of a phase. */
export type FilterResponse = MessageInitShape<typeof ProcessResponseSchema>;

/** Gets what comes of each phase: one of the two. */
export interface FilterListener {
  onResponse(response: FilterResponse): void;
  /** Nothing more comes. */
  onFault(error: RpcError): void;
}

/** One stream of `sidecar.v1.Extension/Process`: a function beside a call, phase by phase. */
export class FilterStream implements StreamSink {
  readonly #open: OpenFunction;
  readonly #listener: FilterListener;
  #name = "";
  #stream: EngineStream | undefined;
  #isOver = false;
  /** Why nothing more comes, if that was not an answer. */
  #error: RpcError | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(open: OpenFunction, listener: FilterListener) {
    this.#open = open;
    this.#listener = listener;
  }

  /** Begins the next phase, after the answer to the one before; bytes of the request are used only during the call. */
  ask(request: ProcessRequest): void {
    // It may have failed while nothing was asked: its instance is gone with another call.
    if (this.#isOver) return this.#listener.onFault(this.#error ?? ended);
    this.#limit(request.timeoutMs);
    const input = phaseOf(request);
    if (this.#stream === undefined) this.#begin(input, request);
    else this.#stream.next(input);
  }

  /** The call is over: the guest's context ends. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#stream?.close();
    this.#stream = undefined;
  }

  onOutput(output: StreamOutput): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    if (output.outcome === "failed") {
      const why = output.fault?.message ?? "it does not say why";
      return this.#fail(errors.FUNCTION_FAILED(this.#name, why));
    }
    this.#isOver = output.outcome === "answer";
    this.#listener.onResponse(responseOf(output));
  }

  #begin(input: PhaseInput, { function: name, headers, properties }: ProcessRequest): void {
    if (name === "") return this.#fail(errors.PROCESS_INVALID("it names no function"));
    this.#name = name;
    const stream = this.#open(name, filterInput(input, properties), this, factsOf(headers).options);
    if (stream === undefined) return this.#fail(errors.FUNCTION_NOT_FOUND(name));
    this.#stream = stream;
    // The engine may have answered before it returned the stream.
    if (this.#isOver) this.close();
  }

  /** The function's own limit holds beside the time that the caller gives; 0: none. */
  #limit(timeoutMs: number): void {
    if (timeoutMs === 0) return;
    const expire = (): void => this.#fail(errors.FUNCTION_TIMEOUT(this.#name, timeoutMs));
    this.#timer = setTimeout(expire, Math.min(timeoutMs, 0x7fff_ffff));
  }

  #fail(error: RpcError): void {
    this.#error = error;
    this.close();
    this.#listener.onFault(error);
  }
}

const ended = errors.PROCESS_INVALID("the function has answered already, or the call is over");

function phaseOf({ phase, headers, body, trailers, bodyFollows }: ProcessRequest): PhaseInput {
  return {
    phase: phase === Phase.RESPONSE ? "response" : "request",
    headers,
    // It crosses to another thread together with the buffer that it is part of.
    body: body === undefined ? undefined : ownBytes(body),
    trailers: trailers.length === 0 ? undefined : trailers,
    bodyFollows,
  };
}

/** A caller that does not say what it runs the function as, runs a filter. */
function filterInput(input: PhaseInput, properties: readonly string[]): StreamInput {
  const isNamed = properties.includes("layotto.hook");
  const all = isNamed ? properties : [...properties, "layotto.hook", "filter"];
  return { ...input, mode: "filter", properties: all };
}

function responseOf(output: StreamOutput): FilterResponse {
  const { headers, body, trailers, properties, answer } = output;
  return {
    headersChanged: headers !== undefined,
    headers: listOf(headers),
    ...(body === undefined ? {} : { body }),
    trailersChanged: trailers !== undefined,
    trailers: listOf(trailers),
    properties: listOf(properties),
    ...(answer === undefined ? {} : { answer: { ...answer, headers: listOf(answer.headers) } }),
  };
}

const none: string[] = [];

function listOf(headers: FlatHeaders | undefined): string[] {
  return headers === undefined ? none : [...headers];
}
