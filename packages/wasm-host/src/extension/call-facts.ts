import type { CallOptions } from "../model/engine.ts";
import type { FlatHeaders } from "../model/streams.ts";

/** As deep as anybody may say that a call is. */
const maxDepth = 1000;

/** What the headers of a call say about what its function does on its own: how deep it is, and the trace it belongs to. */
export function callFacts(headers: FlatHeaders): CallOptions {
  let depth = 0;
  let metadata: Record<string, string> | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    const value = headers[i + 1] ?? "";
    if (name === "layotto-wasm-depth") depth = depthOf(value);
    else if (name === "traceparent" || name === "tracestate") {
      metadata = { ...metadata, [name]: value };
    }
  }
  return metadata === undefined ? { depth } : { depth, metadata };
}

function depthOf(text: string): number {
  const depth = Number(text);
  return Number.isInteger(depth) && depth > 0 ? Math.min(depth, maxDepth) : 0;
}
