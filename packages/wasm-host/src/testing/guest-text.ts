/** What a guest does at its callbacks, as WebAssembly text; `$top` is where the next allocation goes. */
export interface GuestParts {
  /** Imports beside the buffers. */
  readonly imports?: string;
  /** Further functions, globals and data. */
  readonly fields?: string;
  /** Pages of memory: `1`, or `1 16`. Default `1`. */
  readonly memory?: string;
  /** Body of proxy_on_request_body (context $ctx, size $size, end $end); leaves the action. Default: echoes the body. */
  readonly onBody?: string;
  readonly onHeaders?: string;
  readonly onVmStart?: string;
  readonly onConfigure?: string;
  readonly onTick?: string;
  readonly onStart?: string;
  readonly onAllocate?: string;
  readonly onContextCreate?: string;
  readonly onDone?: string;
  readonly onDelete?: string;
  readonly onResponseHeaders?: string;
  readonly onResponseBody?: string;
  readonly onHttpCallResponse?: string;
}

/** Copies the request body to the answer. */
export const echoBody = `
  (drop (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))
  (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 16)) (i32.load (i32.const 20))))
  (i32.const 0)`;

/** Answers the 32-bit number at address 32 as four octets. */
export const answerWord = `
  (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 32) (i32.const 4)))
  (i32.const 0)`;

/** Never ends. */
export const forEver = "(loop $again (br $again))";

/** A module for proxy-wasm 0.2.1 with a bump allocator that begins anew with each context. */
export function guestText(parts: GuestParts = {}): string {
  return `(module
  (import "env" "proxy_get_buffer_bytes" (func $get_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  ${parts.imports ?? ""}
  (memory (export "memory") ${parts.memory ?? "1"})
  (global $top (mut i32) (i32.const 4096))
  ${parts.fields ?? ""}
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $at i32)
    ${parts.onAllocate ?? ""}
    (local.set $at (global.get $top))
    (global.set $top (i32.add (global.get $top) (local.get $size)))
    (local.get $at))
  (func (export "proxy_on_context_create") (param $ctx i32) (param $parent i32)
    (global.set $top (i32.const 4096))
    ${parts.onContextCreate ?? ""})
  ${optional("_initialize", "", "", parts.onStart)}
  ${optional("proxy_on_vm_start", "(param $ctx i32) (param $size i32)", "(result i32)", parts.onVmStart)}
  ${optional("proxy_on_configure", "(param $ctx i32) (param $size i32)", "(result i32)", parts.onConfigure)}
  ${optional("proxy_on_tick", "(param $ctx i32)", "", parts.onTick)}
  ${optional("proxy_on_request_headers", "(param $ctx i32) (param $count i32) (param $end i32)", "(result i32)", parts.onHeaders)}
  ${optional("proxy_on_request_body", "(param $ctx i32) (param $size i32) (param $end i32)", "(result i32)", parts.onBody ?? echoBody)}
  ${optional("proxy_on_response_headers", "(param $ctx i32) (param $count i32) (param $end i32)", "(result i32)", parts.onResponseHeaders)}
  ${optional("proxy_on_response_body", "(param $ctx i32) (param $size i32) (param $end i32)", "(result i32)", parts.onResponseBody)}
  ${optional("proxy_on_http_call_response", "(param $ctx i32) (param $call i32) (param $count i32) (param $size i32) (param $trailers i32)", "", parts.onHttpCallResponse)}
  ${optional("proxy_on_done", "(param $ctx i32)", "(result i32)", parts.onDone)}
  ${optional("proxy_on_delete", "(param $ctx i32)", "", parts.onDelete)}
)`;
}

function optional(name: string, params: string, result: string, body: string | undefined): string {
  return body === undefined ? "" : `(func (export "${name}") ${params} ${result}\n    ${body})`;
}
