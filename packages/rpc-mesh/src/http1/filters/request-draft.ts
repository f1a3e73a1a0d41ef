import { Framing, type Head } from "@layotto/http1";
import type { ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import { headersOf } from "../../call/changed-request.ts";
import type { MeshFailure } from "../../call/failure.ts";
import type { RequestView } from "../../call/request.ts";
import type { ChainTask } from "../../extension/function-chain.ts";
import type { Question } from "../../extension/function-run.ts";
import type { ListenerFunction } from "../../extension/listener-function.ts";
import { commonProperties } from "../../extension/request-parts.ts";
import { bodyLine, changedRequestHead, lengthLine, trailersOf } from "../changed-head.ts";

/** A request on its way through functions. */
export interface RequestParts {
  readonly head: Head;
  readonly view: RequestView;
  /** Name of the listener. */
  readonly listener: string;
  /** All of the body; undefined: nobody has asked for it. */
  readonly body: Buffer | undefined;
  readonly trailers: Head | undefined;
  /** There is, or may come, a body. */
  readonly hasBody: boolean;
  /** The caller's expectation has been met already. */
  readonly continued: boolean;
}

/** What functions have made of a request so far. */
export class RequestDraft implements ChainTask {
  head: Head;
  body: Buffer | undefined;
  trailers: Head | undefined;
  /** Something is not as it came. */
  changed = false;
  bodyChanged = false;
  private readonly parts: RequestParts;
  private readonly properties: readonly string[];
  private readonly done: (failure: MeshFailure | undefined) => void;
  private headers: readonly string[];

  constructor(parts: RequestParts, done: (failure: MeshFailure | undefined) => void) {
    this.parts = parts;
    this.done = done;
    this.head = parts.head;
    this.body = parts.body;
    this.trailers = parts.trailers;
    this.headers = headersOf(parts.view);
    this.properties = commonProperties(parts.view, parts.listener, "filter");
  }

  question({ body: sees }: ListenerFunction): Question {
    const { headers, properties, body, trailers, parts } = this;
    const question = { phase: "request", headers, properties } as const;
    if (!sees || body === undefined) return { ...question, bodyFollows: parts.hasBody };
    return {
      ...question,
      ...(body.length > 0 ? { body } : {}),
      trailers: trailers?.flat() ?? [],
      bodyFollows: false,
    };
  }

  take(response: ProcessResponse, { body: sees }: ListenerFunction): string | undefined {
    const { headersChanged, trailersChanged, body } = response;
    const newBody = sees && this.body !== undefined ? body : undefined;
    const newTrailers = sees && trailersChanged;
    if (!headersChanged && newBody === undefined && !newTrailers) return undefined;
    try {
      const headers = headersChanged ? response.headers : this.headers;
      const bytes = newBody === undefined ? this.body : Buffer.from(newBody);
      const head = this.made(headers, newBody === undefined ? undefined : newBody.length);
      if (newTrailers) this.trailers = trailersOf(response.trailers);
      this.head = head;
      this.headers = headers;
      this.body = bytes;
      this.bodyChanged ||= newBody !== undefined;
      this.changed = true;
      return undefined;
    } catch (error) {
      return `it made the request unfit: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  end(failure: MeshFailure | undefined): void {
    if (failure === undefined && this.parts.continued && !this.changed) {
      this.head = this.made(this.headers, undefined);
      this.changed = true;
    }
    this.done(failure);
  }

  /** @param bytes of a new body */
  private made(headers: readonly string[], bytes: number | undefined): Head {
    const chunked = this.head.framing === Framing.CHUNKED;
    const line = bytes === undefined || chunked ? bodyLine(this.head) : lengthLine(bytes);
    return changedRequestHead(this.head, headers, line, !this.parts.continued);
  }
}
