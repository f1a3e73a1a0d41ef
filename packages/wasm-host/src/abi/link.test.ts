import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost, plainSpec, startGuest } from "../guest/testing/fake-host.ts";
import { out, Probe } from "../guest/testing/probe.ts";
import { wat } from "../testing/wat.ts";
import { isKnownImport } from "./import-table.ts";

const abi = "proxy_log proxy_get_log_level proxy_get_current_time_nanoseconds proxy_set_tick_period_milliseconds proxy_get_configuration proxy_get_buffer_bytes proxy_get_buffer_status proxy_set_buffer_bytes proxy_get_header_map_size proxy_get_header_map_pairs proxy_set_header_map_pairs proxy_get_header_map_value proxy_add_header_map_value proxy_replace_header_map_value proxy_remove_header_map_value proxy_continue_stream proxy_continue_request proxy_continue_response proxy_close_stream proxy_clear_route_cache proxy_send_local_response proxy_get_status proxy_done proxy_set_effective_context proxy_http_call proxy_grpc_call proxy_grpc_stream proxy_grpc_send proxy_grpc_cancel proxy_grpc_close proxy_set_shared_data proxy_get_shared_data proxy_register_shared_queue proxy_resolve_shared_queue proxy_enqueue_shared_queue proxy_dequeue_shared_queue proxy_define_metric proxy_record_metric proxy_increment_metric proxy_get_metric proxy_get_property proxy_set_property proxy_call_foreign_function proxy_get_state proxy_invoke_service proxy_resume_downstream proxy_resume_upstream proxy_resume_http_request proxy_resume_http_response proxy_send_http_response proxy_dispatch_http_call proxy_dispatch_grpc_call proxy_open_grpc_stream proxy_send_grpc_call_message proxy_cancel_grpc_call proxy_close_grpc_call proxy_remove_metric proxy_remove_shared_queue".split(" "); // prettier-ignore

describe("imports", () => {
  test("every function of the three versions and of Layotto is there", () => {
    for (const name of abi) assert.ok(isKnownImport("env", name), name);
    assert.equal(isKnownImport("env", "proxy_nonsense"), false);
    assert.equal(isKnownImport("env", "toString"), false);
    assert.equal(isKnownImport("elsewhere", "proxy_log"), false);
  });

  test("an unknown one is named", async () => {
    const module = new WebAssembly.Module(await wat('(module (import "env" "nonsense" (func)))'));
    await assert.rejects(startGuest(module, new FakeHost()), {
      message: 'cannot be instantiated: import "env.nonsense" is unknown',
    });
  });

  test("those that are not on the list are refused and logged once, WASI with its own error", async () => {
    const host = new FakeHost();
    const p = new Probe();
    const module = await p.module({
      _initialize:
        p.call("proxy_get_current_time_nanoseconds", out).repeat(2) +
        p.call("wasi:random_get", out, 4) +
        p.call("proxy_get_log_level", out),
    });
    await startGuest(module, host, { hostFunctions: ["proxy_log", "proxy_get_log_level"] });
    assert.deepEqual(
      host.lines.filter(({ level }) => level === 3).map(({ text }) => text.slice(0, 60)),
      [
        '"proxy_get_current_time_nanoseconds" is not among the host f',
        '"random_get" is not among the host functions that it may cal',
      ],
    );
    assert.deepEqual(host.reports(), ["12", "12", "76", "00"]);
  });

  test("an imported memory is made as declared, within the limit", async () => {
    const text = (
      declared: string,
    ): string => `(module (import "env" "memory" (memory ${declared})) (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
      (data (i32.const 8) "hi") (func (export "_initialize") (drop (call $log (i32.const 5) (i32.const 8) (i32.const 2))) (drop (memory.grow (i32.const 100)))))`;
    const host = new FakeHost();
    const declared = await startGuest(new WebAssembly.Module(await wat(text("2 3"))), host, {
      importedMemory: { initial: 2, maximum: 3 },
    });
    assert.deepEqual(host.reports(), ["hi"]);
    assert.equal(declared.memoryBytes, 2 * 65_536);
    const unknown = await startGuest(new WebAssembly.Module(await wat(text("1"))), host);
    assert.equal(unknown.memoryBytes, plainSpec.memoryBytes);
  });

  test("more arguments than it takes, or other types, hurt nobody", async () => {
    const text = `(module (import "env" "proxy_log" (func $log (param f64 i32 i32 i32 i32) (result i32))) (import "env" "proxy_done" (func $done (param i64) (result i32)))
      (memory (export "memory") 1) (func (export "_initialize") (drop (call $log (f64.const nan) (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1))) (drop (call $done (i64.const 1)))))`;
    const host = new FakeHost();
    await startGuest(new WebAssembly.Module(await wat(text)), host);
    assert.deepEqual(host.lines, [{ level: 0, text: "\0" }]);
  });
});
