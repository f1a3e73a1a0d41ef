import type { FlatHeaders, GuestAnswer, PhaseInput, StreamInput } from "../model/streams.ts";
import { Body } from "./body.ts";
import type { EffectiveContext } from "./host-scope.ts";

/** How far a phase is: what of it the guest has been shown. */
export const Stage = { HEADERS: 0, BODY: 1, TRAILERS: 2, OVER: 3 } as const;
export type Stage = (typeof Stage)[keyof typeof Stage];

/** One half of an exchange, as the guest reads and changes it. */
export interface HttpMessage {
  headers: string[];
  headersChanged: boolean;
  body: Body | undefined;
  trailers: string[] | undefined;
  trailersChanged: boolean;
  /** It came with trailers: they are shown in a callback of their own. */
  readonly trailersCame: boolean;
  /** A body follows that the guest does not see. */
  readonly bodyFollows: boolean;
}

export function httpMessage(input: Omit<PhaseInput, "phase">): HttpMessage {
  const { headers, body, trailers, bodyFollows } = input;
  return {
    headers: [...headers],
    headersChanged: false,
    body: body === undefined ? undefined : new Body(body),
    trailers: trailers === undefined ? undefined : [...trailers],
    trailersChanged: false,
    trailersCame: trailers !== undefined,
    bodyFollows,
  };
}

const nothing: HttpMessage["headers"] = [];

/** Properties by path: those of the host are texts, those that the guest has set are octets. */
export type Properties = Map<string, string | Uint8Array>;

/** The context of one HTTP exchange: what has come, where it is, and which parts the guest may read and write now. */
export class HttpContext implements EffectiveContext {
  readonly root = false;
  readonly id: number;
  /** Number of the stream, the main thread's. */
  readonly stream: number;
  readonly mode: StreamInput["mode"];
  request: HttpMessage | undefined;
  response: HttpMessage | undefined;
  phase: "request" | "response";
  stage: Stage = Stage.HEADERS;
  /** The stage that comes after the callback that runs or was paused. */
  next: Stage = Stage.HEADERS;
  /** A callback asked to wait. */
  paused = false;
  /** The guest called proxy_continue_stream since the callback began. */
  continued = false;
  /** The guest has answered itself. */
  answer: GuestAnswer | undefined;
  /** Only its end is left (proxy_on_done, proxy_on_log): header maps that never came are empty. */
  ended = false;
  /** proxy_on_done returned false: it ends with proxy_done. */
  lingering = false;
  /** What it was opened with, and what the guest has set. */
  readonly properties: Properties = new Map();
  /** Paths of properties that the guest has set in this phase. */
  changedProperties: Set<string> | undefined;

  constructor(id: number, stream: number, input: StreamInput) {
    this.id = id;
    this.stream = stream;
    this.mode = input.mode;
    this.phase = input.phase;
    for (let index = 1; index < input.properties.length; index += 2)
      this.properties.set(input.properties[index - 1] ?? "", input.properties[index] ?? "");
    if (input.mode === "function") this.response = httpMessage(plainAnswer);
    this.begin(input);
  }

  /** The next half has come. */
  begin(input: PhaseInput): void {
    this[input.phase] = httpMessage(input);
    this.enter(input.phase);
  }

  enter(phase: "request" | "response"): void {
    this.phase = phase;
    this.stage = Stage.HEADERS;
    this.next = Stage.HEADERS;
  }

  /** What the guest has answered itself is the response from now on. */
  showAnswer(): void {
    const { answer } = this;
    if (answer === undefined) return;
    const headers = [":status", String(answer.status), ...answer.headers];
    this.response = httpMessage({
      headers,
      body: undefined,
      trailers: undefined,
      bodyFollows: false,
    });
  }

  /** It waits for proxy_done; its bodies are let go. */
  linger(): void {
    this.lingering = true;
    if (this.request !== undefined) this.request.body = undefined;
    if (this.response !== undefined) this.response.body = undefined;
  }

  /** The half that is being processed. */
  get message(): HttpMessage | undefined {
    return this[this.phase];
  }

  /** Whether a half may still be changed. In a function that makes the answer, its answer always is. */
  open(half: "request" | "response"): boolean {
    if (this.stage === Stage.OVER || this.answer !== undefined) return false;
    return half === this.phase || (half === "response" && this.mode === "function");
  }

  /** The stage after one, by what there is to show. */
  after(stage: Stage): Stage {
    const { message } = this;
    if (message === undefined) return Stage.OVER;
    // A body that a function has not written is none.
    const hasBody =
      message.body !== undefined && (message.body.length > 0 || !this.#isAnswer(this.phase));
    if (stage === Stage.HEADERS && hasBody) return Stage.BODY;
    const hasTrailers =
      message.trailersCame || (this.#isAnswer(this.phase) && (message.trailers?.length ?? 0) > 0);
    return stage < Stage.TRAILERS && hasTrailers ? Stage.TRAILERS : Stage.OVER;
  }

  /** Headers that may be read now. */
  headers(half: "request" | "response"): FlatHeaders | undefined {
    return this[half]?.headers ?? (this.ended ? nothing : undefined);
  }

  /** Trailers that may be read now. */
  trailers(half: "request" | "response"): FlatHeaders | undefined {
    const message = this[half];
    if (this.ended) return message?.trailers ?? nothing;
    if (message === undefined) return undefined;
    if (this.#shown(half) || this.#isAnswer(half)) return message.trailers ?? this.#none(half);
    if (this.stage < Stage.BODY) return undefined;
    return message.trailersCame ? undefined : (message.trailers ?? nothing);
  }

  /** The body that may be read now. */
  body(half: "request" | "response"): Body | undefined {
    const message = this[half];
    if (message === undefined || this.answer !== undefined) return undefined;
    if (this.mode === "function") {
      if (half === "response") message.body ??= new Body(new Uint8Array(0));
      return message.body;
    }
    const shown = half === this.phase && this.stage !== Stage.HEADERS && this.stage !== Stage.OVER;
    return shown ? message.body : undefined;
  }

  /** All of that half has been shown. */
  #shown(half: "request" | "response"): boolean {
    return half !== this.phase || this.stage >= Stage.TRAILERS;
  }

  #isAnswer(half: "request" | "response"): boolean {
    return half === "response" && this.mode === "function";
  }

  #none(half: "request" | "response"): FlatHeaders | undefined {
    return this.open(half) ? nothing : undefined;
  }
}

const plainAnswer = {
  headers: [":status", "200"],
  body: undefined,
  trailers: undefined,
  bodyFollows: false,
} as const;
