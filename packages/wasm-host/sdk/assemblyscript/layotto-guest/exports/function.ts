// Exports of a function: `export * from "layotto-guest/exports/function"` in its main file.

import { handle } from "../function";
import { released } from "../memory";

export * from "./common";

export function proxy_on_context_create(_context: u32, _parent: u32): void {}

export function proxy_on_request_headers(_context: u32, _count: u32, end: bool): u32 {
  if (end) handle();
  return 0;
}

export function proxy_on_request_body(_context: u32, _size: u32, end: bool): u32 {
  if (end) handle();
  return 0;
}

export function proxy_on_request_trailers(_context: u32, _count: u32): u32 {
  handle();
  return 0;
}

export function proxy_on_done(_context: u32): bool {
  return true;
}

export function proxy_on_delete(_context: u32): void {
  released();
}
