import { depthHeader, nestingOf, type Nesting } from "./call-depth.ts";
import type { CallOptions } from "./engine.ts";
import type { FlatHeaders } from "./streams.ts";

/** What the headers of a request mean to us, beside what they are to the guest. */
export interface RequestFacts {
  /** Header `id`: the function that is meant. */
  readonly id: string | undefined;
  /** How deep the call is, and what goes with calls that its function makes: trace, and hosts on its way. */
  readonly options: CallOptions;
}

/** A call that no function has made. */
const outermost: Nesting = { depth: 0 };

/** Reads the headers that mean something to us, in one pass. */
export function factsOf(headers: FlatHeaders): RequestFacts {
  let id: string | undefined;
  let depths: string | undefined;
  let metadata: Record<string, string> | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    switch (name) {
      case "id":
        id ??= headers[i + 1];
        break;
      case depthHeader:
        depths = depths === undefined ? headers[i + 1] : `${depths},${headers[i + 1]}`;
        break;
      case "traceparent":
      case "tracestate":
        metadata = { ...metadata, [name]: headers[i + 1] ?? "" };
        break;
      default:
    }
  }
  const { others, ...nesting } = depths === undefined ? outermost : nestingOf(depths);
  if (others !== undefined) metadata = { ...metadata, [depthHeader]: others };
  return { id, options: metadata === undefined ? nesting : { ...nesting, metadata } };
}
