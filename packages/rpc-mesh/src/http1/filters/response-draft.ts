import type { Head } from "@layotto/http1";
import { visibleLines } from "../../call/changed-request.ts";
import type { MeshFailure } from "../../call/failure.ts";
import { changedResponseHead } from "../changed-head.ts";
import { linesOf } from "../head-view.ts";
import { Draft, type DraftParts } from "./draft.ts";

/** An answer on its way through functions. */
export interface ResponseParts extends DraftParts {
  /** Of the request. */
  readonly method: string;
}

/** What functions have made of an answer so far. */
export class ResponseDraft extends Draft {
  private readonly method: string;

  constructor(parts: ResponseParts, done: (failure: MeshFailure | undefined) => void) {
    const { head, method } = parts;
    const headers = [":status", String(head.status), ...visibleLines(linesOf(head))];
    super(parts, headers, { phase: "response", properties: [] }, done);
    this.method = method;
  }

  protected override made(headers: readonly string[], bytes: number | undefined): Head {
    return changedResponseHead(this.head, headers, this.method, bytes);
  }
}
