// Exports of a filter or hook: `export * from "layotto-guest/exports/filter"` in its main file.

import { callerOf, create, end, find } from "../filter";
import { released } from "../memory";

export * from "./common";

export function proxy_on_context_create(context: u32, parent: u32): void {
  if (parent !== 0) create(context);
}

export function proxy_on_request_headers(context: u32, count: u32, last: bool): u32 {
  const filter = find(context);
  return filter === null ? 0 : filter.onRequestHeaders(count, last);
}

export function proxy_on_request_body(context: u32, size: u32, last: bool): u32 {
  const filter = find(context);
  return filter === null ? 0 : filter.onRequestBody(size, last);
}

export function proxy_on_request_trailers(context: u32, count: u32): u32 {
  const filter = find(context);
  return filter === null ? 0 : filter.onRequestTrailers(count);
}

export function proxy_on_response_headers(context: u32, count: u32, last: bool): u32 {
  const filter = find(context);
  return filter === null ? 0 : filter.onResponseHeaders(count, last);
}

export function proxy_on_response_body(context: u32, size: u32, last: bool): u32 {
  const filter = find(context);
  return filter === null ? 0 : filter.onResponseBody(size, last);
}

export function proxy_on_response_trailers(context: u32, count: u32): u32 {
  const filter = find(context);
  return filter === null ? 0 : filter.onResponseTrailers(count);
}

export function proxy_on_http_call_response(
  context: u32,
  call: u32,
  headers: u32,
  bodySize: u32,
  _trailers: u32,
): void {
  const filter = callerOf(call, context);
  if (filter !== null) filter.onHttpResponse(call, headers, bodySize);
}

export function proxy_on_done(_context: u32): bool {
  return true;
}

export function proxy_on_log(context: u32): void {
  const filter = find(context);
  if (filter !== null) filter.onLog();
}

export function proxy_on_delete(context: u32): void {
  end(context);
  released();
}
