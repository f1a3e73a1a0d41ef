import type { CallOptions } from "../call-options.ts";

/** A call that nobody cancels; `deadlineMs` is absolute, none by default. */
export function testCall(deadlineMs?: number): CallOptions {
  return { signal: new AbortController().signal, deadlineMs };
}
