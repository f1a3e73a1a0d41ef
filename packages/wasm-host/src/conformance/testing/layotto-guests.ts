const lifecycle = `
  (func (export "proxy_abi_version_0_2_0"))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_request_trailers") (param i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_done") (param i32) (result i32) (i32.const 1))
  (func (export "proxy_on_delete") (param i32))`;

const allocate = `(param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.add (global.get $top) (local.get $size)))
    (local.get $at))`;

/** Appends octets to the text at $text and moves its end. */
const append = `(func $append (param $from i32) (param $size i32)
    (memory.copy (global.get $text) (local.get $from) (local.get $size))
    (global.set $text (i32.add (global.get $text) (local.get $size))))`;

/**
 * Imports and exports what TinyGo makes of Layotto's first demo: `_start` that asks WASI for arguments, both allocators,
 * and the body callback that invokes `id_2` with what follows "name=" and answers a sentence.
 */
export const tinyGoLike = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $get_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_invoke_service" (func $invoke (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $choose (param i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 8192))
  (global $text (mut i32) (i32.const 4096))
  (data (i32.const 256) "id_1")
  (data (i32.const 264) "id_2")
  (data (i32.const 272) "There are ")
  (data (i32.const 288) " inventories for ")
  (data (i32.const 312) ".")
  (data (i32.const 320) "started\\n")
  (data (i32.const 336) "\\40\\01\\00\\00\\08\\00\\00\\00")
  ${append}
  ${lifecycle}
  (func (export "malloc") ${allocate}
  (func (export "proxy_on_memory_allocate") ${allocate}
  (func (export "proxy_on_log") (param i32))
  (func (export "_start")
    (drop (call $args_sizes_get (i32.const 64) (i32.const 68)))
    (if (i32.or (i32.load (i32.const 64)) (i32.load (i32.const 68))) (then unreachable))
    (drop (call $args_get (i32.const 64) (i32.const 68)))
    (drop (call $fd_write (i32.const 1) (i32.const 336) (i32.const 1) (i32.const 64))))
  (func (export "proxy_get_id")
    (drop (call $set_buffer (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 4))))
  (func (export "proxy_on_request_body") (param $context i32) (param $size i32) (param $end i32) (result i32)
    (local $name i32) (local $length i32)
    (if (call $choose (local.get $context)) (then unreachable))
    (if (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 64) (i32.const 68)) (then unreachable))
    (local.set $name (i32.add (i32.load (i32.const 64)) (i32.const 5)))
    (local.set $length (i32.sub (i32.load (i32.const 68)) (i32.const 5)))
    (if (call $invoke (i32.const 264) (i32.const 4) (i32.const 0) (i32.const 0)
          (local.get $name) (local.get $length) (i32.const 72) (i32.const 76))
      (then (drop (call $log (i32.const 4) (i32.const 320) (i32.const 7))) (return (i32.const 1))))
    (global.set $text (i32.const 4096))
    (call $append (i32.const 272) (i32.const 10))
    (call $append (i32.load (i32.const 72)) (i32.load (i32.const 76)))
    (call $append (i32.const 288) (i32.const 17))
    (call $append (local.get $name) (local.get $length))
    (call $append (i32.const 312) (i32.const 1))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 4096)
      (i32.sub (global.get $text) (i32.const 4096))))
    (i32.const 0)))`;

/**
 * Imports and exports what Rust makes of Layotto's second demo: only `malloc`, no `proxy_on_log`, no WASI, and the body
 * callback that answers the state whose key is the body.
 */
export const rustLike = `(module
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $get_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_state" (func $get_state (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 8192))
  (data (i32.const 256) "id_2")
  (data (i32.const 264) "redis")
  ${lifecycle}
  (func (export "_start"))
  (func (export "malloc") ${allocate}
  (func (export "proxy_get_id")
    (drop (call $set_buffer (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 4))))
  (func (export "proxy_on_request_body") (param $context i32) (param $size i32) (param $end i32) (result i32)
    (if (call $get_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 64) (i32.const 68)) (then unreachable))
    (if (call $get_state (i32.const 264) (i32.const 5) (i32.load (i32.const 64)) (i32.load (i32.const 68)) (i32.const 72) (i32.const 76))
      (then (drop (call $log (i32.const 4) (i32.const 264) (i32.const 5))) (return (i32.const 1))))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 72)) (i32.load (i32.const 76))))
    (i32.const 0)))`;
