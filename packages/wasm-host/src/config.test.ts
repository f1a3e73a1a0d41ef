import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPublished, pathText } from "@layotto/sidecar-kit/config";
import { schemaOf } from "@layotto/sidecar-kit/describe";
import { functionKeys, nestedKeys } from "./config/keys.ts";
import { readSettings } from "./config/read-settings.ts";

const schema = await schemaOf(() => import("./config.ts").then((module) => module.config));

function faultsOf(wasm: unknown): string[] {
  const { faults } = checkPublished(schema, { wasm }, []);
  return faults.map(({ path, message }) => `${pathText(path)}: ${message}`);
}

const full = {
  listeners: [{ name: "functions", address: "127.0.0.1:2045" }],
  admin: { address: "0.0.0.0:34998", token: "very-secret" },
  watch: ["./functions"],
  upstreams: { catalog: "127.0.0.1:8080" },
  sources: { urls: ["https://m.example/"], registries: ["r.example"], private_networks: ["10.0.0.0/8"] },
  workers: { min: 1, max: 4 },
  host_calls: "atomics",
  plugins: { p: { instance_num: 3, vm_config: { path: "p.wasm", cpu: 0, mem: 0 } } },
  functions: {
    shop: {
      path: "./shop.wasm",
      sha256: "A".repeat(64),
      instance_num: 2,
      vm_config: { engine: "wasmtime", cpu: 500, mem: 32, timeout: "5s" },
      adapter: "wasi-command",
      isolation: "fresh",
      recycle: { calls: 10_000, memory: "32MiB" },
      fuel: 5,
      queue: 6,
      streams: 7,
      max_body_bytes: "1MiB",
      max_module_bytes: 1000,
      table_elements: 8,
      config: "text",
      vm: { a: 1 },
      environment: { A: "b", C: true },
      capabilities: { host_functions: ["proxy_log"], read: ["orders"], write: ["w"], topics: ["t"], locks: ["l"], sequencers: ["s"], secrets: ["x"], configuration: ["c"], services: ["id_2"], outbound: ["catalog"] },
      routes: [{ host: "Shop.Example", path: "/shop" }, { prefix: "/s/" }],
    },
    canary: { versions: [{ path: "/1.wasm", weight: 90 }, { image: "oci-layout:/dir:v2", weight: 10, md5: "0".repeat(32) }] },
    shared: { from_wasm_plugin: "p", root_context_id: 4 },
  },
}; // prettier-ignore

describe("schema of the section wasm", () => {
  it("allows what readSettings reads, and leaves its meaning alone", () => {
    const { value, faults } = checkPublished(schema, { wasm: full }, []);
    assert.deepEqual(faults, []);
    const context = { baseDir: "/base", cpus: 2 };
    assert.deepEqual(
      readSettings(value as object, context), // just checked
      readSettings({ wasm: full }, context),
    );
  });

  it("names slips", () => {
    const wasm = {
      listners: [],
      host_calls: "jspy",
      admin: { address: "127.0.0.1:1", token: "short" },
      functions: { f: { pth: "x", timeout: "soon", memory: "64 megs", config: { a: {} } } },
    };
    assert.deepEqual(faultsOf(wasm), [
      'wasm.listners: unknown key; did you mean "listeners"?',
      'wasm.host_calls: must be one of auto, atomics, jspi; did you mean "jspi"?',
      "wasm.admin.token: must have at least 8 characters",
      'wasm.functions.f.pth: unknown key; did you mean "path"?',
      'wasm.functions.f.timeout: must be a duration, e.g. "2s", "500ms" or "1m30s"',
      'wasm.functions.f.memory: must be a size, e.g. "64MiB"',
      "wasm.functions.f.config: must be a map of strings, or a string",
    ]);
  });

  it("has the keys that orders may have", async () => {
    const { functionEntry } = await import("./config/schema-function.ts");
    const { shape } = functionEntry;
    assert.deepEqual(Object.keys(shape).toSorted(), functionKeys.toSorted());
    const { vm_config: vm, recycle, capabilities, versions, routes } = shape;
    const nested = {
      vm_config: vm.unwrap().shape,
      recycle: recycle.unwrap().shape,
      capabilities: capabilities.unwrap().shape,
      versions: versions.unwrap().element.shape,
      routes: routes.unwrap().element.shape,
    };
    for (const [key, each] of Object.entries(nested)) {
      assert.deepEqual(Object.keys(each).toSorted(), nestedKeys[key]?.toSorted(), key);
    }
  });
});
