import type { CallOptions, StreamSink } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { PhaseInput, StreamInput } from "../model/streams.ts";
import type { StreamOpening } from "./call-stream.ts";
import type { RunningVersion } from "./running-version.ts";
import { MAX_DEPTH } from "./threads.ts";

const noMetadata: Readonly<Record<string, string>> = {};

/**
 * What a call is opened with: its deadline is the caller's or the function's, whichever is earlier. Callers may claim any
 * depth: without a function of this process that waits it earns nothing, and beyond the deepest no more threads.
 */
export function openingOf(
  version: RunningVersion,
  input: StreamInput,
  sink: StreamSink,
  { deadline = Number.POSITIVE_INFINITY, depth = 0, nested, metadata = noMetadata }: CallOptions,
): StreamOpening {
  const now = performance.now();
  const timeoutMs = Math.max(0, Math.min(version.definition.limits.timeoutMs, deadline - now));
  return {
    input,
    sink,
    timeoutMs,
    deadline: now + timeoutMs,
    depth,
    rank: nested === true ? Math.min(depth, MAX_DEPTH) : 0,
    metadata,
  };
}

/** Why a version takes no further call now. */
export function refusalOf(version: RunningVersion): GuestFault | undefined {
  const { queue, streams } = version.definition.limits;
  if (version.closed) return { kind: "gone", message: "it is being uninstalled" };
  if (version.waiting >= queue) return { kind: "overload", message: `${queue} calls wait already` };
  if (version.openStreams >= streams)
    return { kind: "overload", message: `${streams} calls and streams are open already` };
  return undefined;
}

/** What is a view into a larger buffer would take all of it along to the thread. */
export function compact<Input extends PhaseInput>(input: Input): Input {
  const { body } = input;
  if (body === undefined || body.byteLength === body.buffer.byteLength) return input;
  return { ...input, body: new Uint8Array(body) };
}
