import type { Head } from "@layotto/http1";
import type { ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import type { ExtensionQuestion } from "@layotto/sidecar-kit/extension";
import type { MeshFailure } from "../../call/failure.ts";
import type { ChainTask } from "../../extension/function-chain.ts";
import type { ListenerFunction } from "../../extension/listener-function.ts";
import { trailersOf } from "../changed-head.ts";

/** A request or an answer on its way through functions. */
export interface DraftParts {
  readonly head: Head;
  /** All of the body; undefined: nobody has asked for it. */
  readonly body: Buffer | undefined;
  readonly trailers: Head | undefined;
  /** There is, or may come, a body. */
  readonly hasBody: boolean;
}

/** What functions have made of a request or an answer so far. */
export abstract class Draft implements ChainTask {
  head: Head;
  body: Buffer | undefined;
  trailers: Head | undefined;
  /** Something is not as it came. */
  changed = false;
  bodyChanged = false;
  protected headers: readonly string[];
  private readonly about: Pick<ExtensionQuestion, "phase" | "properties">;
  private readonly hasBody: boolean;
  private readonly done: (failure: MeshFailure | undefined) => void;

  /** @param headers as functions see them */
  constructor(
    { head, body, trailers, hasBody }: DraftParts,
    headers: readonly string[],
    about: Pick<ExtensionQuestion, "phase" | "properties">,
    done: (failure: MeshFailure | undefined) => void,
  ) {
    this.head = head;
    this.body = body;
    this.trailers = trailers;
    this.headers = headers;
    this.about = about;
    this.hasBody = hasBody;
    this.done = done;
  }

  question({ body: sees }: ListenerFunction): ExtensionQuestion {
    const { headers, about, body, trailers } = this;
    const { phase, properties } = about;
    const isShown = sees && body !== undefined;
    return {
      phase,
      headers,
      properties,
      body: isShown && body.length > 0 ? body : undefined,
      trailers: isShown ? (trailers?.flat() ?? []) : [],
      bodyFollows: !isShown && this.hasBody,
    };
  }

  /** Takes all that a function has changed, or nothing of it. */
  take(response: ProcessResponse, { body: sees }: ListenerFunction): string | undefined {
    const { headersChanged, trailersChanged } = response;
    const body = sees && this.body !== undefined ? response.body : undefined;
    if (!headersChanged && body === undefined && !(sees && trailersChanged)) return undefined;
    const headers = headersChanged ? response.headers : this.headers;
    try {
      const head = this.made(headers, body?.length);
      if (sees && trailersChanged) this.trailers = trailersOf(response.trailers);
      this.head = head;
    } catch (error) {
      const what = this.about.phase === "request" ? "request" : "answer";
      return `it made the ${what} unfit: ${error instanceof Error ? error.message : String(error)}`;
    }
    this.headers = headers;
    this.changed = true;
    if (body === undefined) return undefined;
    this.body = Buffer.from(body);
    this.bodyChanged = true;
    return undefined;
  }

  end(failure: MeshFailure | undefined): void {
    this.done(failure);
  }

  /**
   * The head with other headers.
   *
   * @param bytes of a new body; undefined: it stays
   * @throws Error when it cannot be sent
   */
  protected abstract made(headers: readonly string[], bytes: number | undefined): Head;
}
