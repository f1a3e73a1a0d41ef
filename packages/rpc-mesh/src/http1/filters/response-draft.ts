import type { Head } from "@layotto/http1";
import type { ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import { visibleLines } from "../../call/changed-request.ts";
import type { MeshFailure } from "../../call/failure.ts";
import type { ChainTask } from "../../extension/function-chain.ts";
import type { Question } from "../../extension/function-run.ts";
import type { ListenerFunction } from "../../extension/listener-function.ts";
import { linesOf } from "../head-view.ts";
import { changedResponseHead, trailersOf } from "../changed-head.ts";

/** An answer on its way through functions. */
export interface ResponseParts {
  readonly head: Head;
  /** Of the request. */
  readonly method: string;
  /** All of the body; undefined: nobody has asked for it. */
  readonly body: Buffer | undefined;
  readonly trailers: Head | undefined;
  /** There is, or may come, a body. */
  readonly hasBody: boolean;
}

/** What functions have made of an answer so far. */
export class ResponseDraft implements ChainTask {
  head: Head;
  body: Buffer | undefined;
  trailers: Head | undefined;
  private readonly parts: ResponseParts;
  private readonly done: (failure: MeshFailure | undefined) => void;
  private headers: readonly string[];

  constructor(parts: ResponseParts, done: (failure: MeshFailure | undefined) => void) {
    this.parts = parts;
    this.done = done;
    this.head = parts.head;
    this.body = parts.body;
    this.trailers = parts.trailers;
    this.headers = [":status", String(parts.head.status), ...visibleLines(linesOf(parts.head))];
  }

  question({ body: sees }: ListenerFunction): Question {
    const { headers, body, trailers, parts } = this;
    const question = { phase: "response", headers, properties: [] } as const;
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
    if (!headersChanged && newBody === undefined && !(sees && trailersChanged)) return undefined;
    try {
      const headers = headersChanged ? response.headers : this.headers;
      const { method } = this.parts;
      this.head = changedResponseHead(this.head, headers, method, newBody?.length);
      if (sees && trailersChanged) this.trailers = trailersOf(response.trailers);
      if (newBody !== undefined) this.body = Buffer.from(newBody);
      this.headers = headers;
      return undefined;
    } catch (error) {
      return `it made the answer unfit: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  end(failure: MeshFailure | undefined): void {
    this.done(failure);
  }
}
