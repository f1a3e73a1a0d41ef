import wabtModule from "wabt";

const wabt = await wabtModule();

/** WebAssembly text → module. */
function assemble(text) {
  const module = wabt.parseWat("module.wat", text, { bulk_memory: true });
  try {
    return Buffer.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

function guest({ imports = "", fields = "", onBody }) {
  return assemble(`(module
    (import "env" "proxy_get_buffer_bytes" (func $get (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_buffer_bytes" (func $set (param i32 i32 i32 i32 i32) (result i32)))
    ${imports}
    (memory (export "memory") 8)
    (global $top (mut i32) (i32.const 4096))
    ${fields}
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $at i32)
      (local.set $at (global.get $top))
      (global.set $top (i32.add (global.get $top) (local.get $size)))
      (local.get $at))
    (func (export "proxy_on_context_create") (param i32 i32) (global.set $top (i32.const 4096)))
    (func (export "proxy_on_request_body") (param $ctx i32) (param $size i32) (param $end i32) (result i32)
      ${onBody} (i32.const 0)))`);
}

const readBody = `(drop (call $get (i32.const 0) (i32.const 0) (local.get $size) (i32.const 16) (i32.const 20)))`;
const answer = (at, size) =>
  `(drop (call $set (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const ${at})) (i32.load (i32.const ${size}))))`;

/** Echoes its body. @param padding octets of data that make the file larger */
export function echoModule(padding = 0) {
  const fields = padding === 0 ? "" : `(data (i32.const 131072) "${"x".repeat(padding)}")`;
  return guest({ fields, onBody: `${readBody} ${answer(16, 20)}` });
}

/** Reads key "key" of state store "memory" and answers the value. */
export function stateModule() {
  return guest({
    imports: `(import "env" "proxy_get_state" (func $state (param i32 i32 i32 i32 i32 i32) (result i32)))`,
    fields: `(data (i32.const 64) "memory") (data (i32.const 80) "key")`,
    onBody: `(if (call $state (i32.const 64) (i32.const 6) (i32.const 80) (i32.const 3) (i32.const 24) (i32.const 28)) (then unreachable))
      ${answer(24, 28)}`,
  });
}
