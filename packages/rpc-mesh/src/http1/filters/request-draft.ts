import { Framing, type Head } from "@layotto/http1";
import { headersOf } from "../../call/changed-request.ts";
import type { MeshFailure } from "../../call/failure.ts";
import type { RequestView } from "../../call/request.ts";
import { commonProperties } from "../../extension/request-parts.ts";
import { bodyLine, changedRequestHead, lengthLine } from "../changed-head.ts";
import { Draft, type DraftParts } from "./draft.ts";

/** A request on its way through functions. */
export interface RequestParts extends DraftParts {
  readonly view: RequestView;
  /** Name of the listener. */
  readonly listener: string;
  /** The caller's expectation has been met already. */
  readonly continued: boolean;
}

/** What functions have made of a request so far. */
export class RequestDraft extends Draft {
  private readonly continued: boolean;

  constructor(parts: RequestParts, done: (failure: MeshFailure | undefined) => void) {
    const { view, listener, continued } = parts;
    const properties = commonProperties(view, listener, "filter");
    super(parts, headersOf(view), { phase: "request", properties }, done);
    this.continued = continued;
  }

  override end(failure: MeshFailure | undefined): void {
    if (failure === undefined && this.continued && !this.changed) {
      this.head = this.made(this.headers, undefined);
      this.changed = true;
    }
    super.end(failure);
  }

  protected override made(headers: readonly string[], bytes: number | undefined): Head {
    const chunked = this.head.framing === Framing.CHUNKED;
    const line = bytes === undefined || chunked ? bodyLine(this.head) : lengthLine(bytes);
    return changedRequestHead(this.head, headers, line, !this.continued);
  }
}
