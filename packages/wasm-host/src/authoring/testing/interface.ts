import assert from "node:assert/strict";
import { hostFunction } from "../../abi/import-table.ts";
import { inspectModule } from "../../module/inspect.ts";

const common: Readonly<Record<string, string>> = {
  proxy_abi_version_0_2_1: "() -> ()",
  proxy_on_memory_allocate: "(i32) -> i32",
  proxy_get_id: "() -> ()",
  proxy_on_vm_start: "(i32, i32) -> i32",
  proxy_on_configure: "(i32, i32) -> i32",
  proxy_on_tick: "(i32) -> ()",
  proxy_on_queue_ready: "(i32, i32) -> ()",
  proxy_on_context_create: "(i32, i32) -> ()",
  proxy_on_request_headers: "(i32, i32, i32) -> i32",
  proxy_on_request_body: "(i32, i32, i32) -> i32",
  proxy_on_request_trailers: "(i32, i32) -> i32",
  proxy_on_done: "(i32) -> i32",
  proxy_on_delete: "(i32) -> ()",
};

const ofFilters: Readonly<Record<string, string>> = {
  proxy_on_response_headers: "(i32, i32, i32) -> i32",
  proxy_on_response_body: "(i32, i32, i32) -> i32",
  proxy_on_response_trailers: "(i32, i32) -> i32",
  proxy_on_http_call_response: "(i32, i32, i32, i32, i32) -> ()",
  proxy_on_log: "(i32) -> ()",
};

const types: Readonly<Record<string, string>> = { i: "i32", s: "i32", I: "i64", d: "f64" };

/** Fails unless a module exports what its host calls, with its signatures, and imports only what the host has. */
export function checkInterface(bytes: Uint8Array, kind: "function" | "filter"): void {
  const info = inspectModule(bytes);
  assert.equal(info.abi, "proxy-wasm 0.2.1");
  const exported = new Map(info.exports.map(({ name, type }) => [name, type]));
  assert.ok(exported.has("memory"));
  const wanted = kind === "function" ? common : { ...common, ...ofFilters };
  for (const [name, type] of Object.entries(wanted)) assert.equal(exported.get(name), type, name);
  for (const each of info.imports) {
    const known = hostFunction(each.module, each.name);
    const params = (known?.params ?? "?")
      .split("")
      .map((letter) => types[letter])
      .join(", ");
    if (each.module === "env") assert.equal(each.type, `(${params}) -> i32`, each.name);
    else assert.ok(known !== undefined, `${each.module}.${each.name}`);
  }
}

/** Names that a module imports from a module of the host, sorted. */
export function importsFrom(bytes: Uint8Array, module: string): string[] {
  return inspectModule(bytes).imports.filter((each) => each.module === module).map(({ name }) => name).sort(); // prettier-ignore
}
