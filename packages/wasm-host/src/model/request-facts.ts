import { deeper, depthHeader, nestingOf, outermost } from "./call-depth.ts";
import type { CallOptions } from "./engine.ts";
import type { FlatHeaders } from "./streams.ts";

/** What the headers of a request mean to us, beside what they are to the guest. */
export interface RequestFacts {
  /** Header `id`: the function that is meant. */
  readonly id: string | undefined;
  /** How deep the call is, and the trace that goes with what its function does on its own. */
  readonly options: CallOptions;
}

/** Reads the headers that mean something to us, in one pass. */
export function factsOf(headers: FlatHeaders): RequestFacts {
  let id: string | undefined;
  let nesting = outermost;
  let metadata: Record<string, string> | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    switch (name) {
      case "id":
        id ??= headers[i + 1];
        break;
      case depthHeader:
        nesting = deeper(nesting, nestingOf(headers[i + 1] ?? ""));
        break;
      case "traceparent":
      case "tracestate":
        metadata = { ...metadata, [name]: headers[i + 1] ?? "" };
        break;
      default:
    }
  }
  return { id, options: metadata === undefined ? nesting : { ...nesting, metadata } };
}
