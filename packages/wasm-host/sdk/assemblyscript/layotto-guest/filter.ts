import * as env from "./env";
import { at, firstOut, outU32, toBytes } from "./memory";
import { setId } from "./module";
import { encodePairs, Pair } from "./pairs";
import { ok } from "./status";
import { Action } from "./stream";

/** Looks at one exchange on its way, or changes it. Override what you need; the rest lets everything pass. */
export class Filter {
  /** Number of its context. */
  context: u32 = 0;

  /** @param end the request has neither body nor trailers, or they are not shown */
  onRequestHeaders(_count: u32, _end: bool): Action {
    return Action.Continue;
  }

  /** @param size octets of `requestBody`; with `end` it is complete */
  onRequestBody(_size: u32, _end: bool): Action {
    return Action.Continue;
  }

  onRequestTrailers(_count: u32): Action {
    return Action.Continue;
  }

  onResponseHeaders(_count: u32, _end: bool): Action {
    return Action.Continue;
  }

  onResponseBody(_size: u32, _end: bool): Action {
    return Action.Continue;
  }

  onResponseTrailers(_count: u32): Action {
    return Action.Continue;
  }

  /** The answer to an `httpCall` of this filter: `callHeaders`, `callBody`. No headers: the call failed. */
  onHttpResponse(_call: u32, _headers: u32, _bodySize: u32): void {}

  /** The exchange is over; headers can still be read. */
  onLog(): void {}
}

type Factory = () => Filter;

let factory: Factory | null = null;
const filters = new Map<u32, Filter>();
const calls = new Map<u32, u32>();
let current: u32 = 0;

/**
 * Makes the module a filter or a hook. Its file must also hold `export * from "layotto-guest/exports/filter"`.
 *
 * @param create makes the filter of one exchange
 */
export function filter(id: string, create: Factory): void {
  setId(id);
  factory = create;
}

/**
 * Begins an HTTP call to an upstream of the configuration, or to a host; the answer comes to `onHttpResponse` of the
 * same filter, so return `Action.Pause` to wait for it.
 *
 * @param headers with ":method", ":path" and ":authority"
 * @returns number of the call; −1: it was refused
 */
export function httpCall(
  upstream: string,
  headers: Pair[],
  body: ArrayBuffer,
  timeoutMs: u32,
): i64 {
  const name = toBytes(upstream);
  const pairs = encodePairs(headers);
  const status = env.proxy_http_call(
    at(name),
    name.byteLength,
    at(pairs),
    pairs.byteLength,
    at(body),
    body.byteLength,
    0,
    0,
    timeoutMs,
    firstOut(),
  );
  if (!ok(status)) return -1;
  const call = outU32();
  calls.set(call, current);
  return <i64>call;
}

// For the exports only.

export function create(context: u32): void {
  const make = factory;
  if (make === null) throw new Error("no filter: call filter() when the module starts");
  const made = make();
  made.context = context;
  filters.set(context, made);
}

export function find(context: u32): Filter | null {
  current = context;
  return filters.has(context) ? filters.get(context) : null;
}

/** The filter that made a call, ready to act on its exchange. */
export function callerOf(call: u32, context: u32): Filter | null {
  const caller = calls.has(call) ? calls.get(call) : context;
  calls.delete(call);
  if (caller !== context) env.proxy_set_effective_context(caller);
  return find(caller);
}

export function end(context: u32): void {
  filters.delete(context);
  const waiting = calls.keys();
  for (let i = 0; i < waiting.length; i++)
    if (calls.get(waiting[i]) === context) calls.delete(waiting[i]);
}
