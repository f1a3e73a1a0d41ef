import { deeper, depthHeader, nestingOf, outermost } from "../model/call-depth.ts";
import type { CallOptions } from "../model/engine.ts";
import type { FlatHeaders } from "../model/streams.ts";

/** What the headers of a call say about what its function does on its own: how deep it is, and the trace it belongs to. */
export function callFacts(headers: FlatHeaders): CallOptions {
  let nesting = outermost;
  let metadata: Record<string, string> | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    const value = headers[i + 1] ?? "";
    if (name === depthHeader) nesting = deeper(nesting, nestingOf(value));
    else if (name === "traceparent" || name === "tracestate") {
      metadata = { ...metadata, [name]: value };
    }
  }
  return metadata === undefined ? nesting : { ...nesting, metadata };
}
