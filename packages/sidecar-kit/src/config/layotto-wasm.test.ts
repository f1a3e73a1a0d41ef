import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ConfigFault, pathText } from "./fault.ts";
import { interpretConfig } from "./load.ts";
import { validateConfig } from "./validate.ts";

const lines = (list: readonly ConfigFault[]) =>
  list.map(({ path, message }) => `${pathText(path)}: ${message}`);

const listener = (name: string, address: string, filters: unknown) => ({
  name,
  address,
  bind_port: true,
  filter_chains: [{ filters: [{ type: "proxy", config: { router_config_name: "r" } }] }],
  stream_filters: filters,
});
const functions = {
  function_1: {
    name: "function_1",
    instance_num: 1,
    vm_config: { engine: "wasmtime", path: "a.wasm" },
    colour: "red",
  },
};
const functionsListener = listener("wasm", "127.0.0.1:2045", [{ type: "Layotto", config: functions }]); // prettier-ignore
const adminListener = listener("admin", "127.0.0.1:34998", [{ type: "wasm_filter", config: {} }]);
const warning =
  "may read every state store and invoke every service; restrict it: capabilities: { read: [STORE], services: [ID] }";

function load(listeners: object[], rest: object = {}) {
  return interpretConfig("c.json", { servers: [{ listeners }], ...rest }, {});
}

describe("interpretConfig: listeners for WebAssembly", () => {
  it("become the section wasm, texts of a function its configuration", () => {
    const loaded = load([functionsListener, adminListener]);
    assert.deepEqual(loaded.sections["wasm"], {
      listeners: [{ name: "wasm", address: "127.0.0.1:2045" }],
      admin: { address: "127.0.0.1:34998" },
      functions: {
        function_1: {
          instance_num: 1,
          vm_config: { engine: "wasmtime", path: "a.wasm" },
          config: { name: "function_1", colour: "red" },
          capabilities: { read: ["*"], services: ["*"] },
        },
      },
    });
    assert.deepEqual(lines(loaded.faults), []);
    assert.deepEqual(lines(loaded.warnings), [
      `servers[0].listeners[0].stream_filters[0].config.function_1: ${warning}`,
    ]);
  });

  it("keep what a function restricts itself to, without a warning", () => {
    const entry = { ...functions.function_1, capabilities: { read: ["orders"] } };
    const filter = { type: "Layotto", config: { f: entry } };
    const { sections, warnings } = load([listener("wasm", "127.0.0.1:1", [filter])]);
    const { f } = Reflect.get(Object(sections["wasm"]), "functions") as Record<string, unknown>; // as asserted above
    assert.deepEqual(Reflect.get(Object(f), "capabilities"), { read: ["orders"] });
    assert.deepEqual(lines(warnings), []);
  });

  it("are open to other machines when the file says so", () => {
    const { sections } = load([
      { ...functionsListener, address: "0.0.0.0:2045" },
      { ...adminListener, address: "/run/admin.sock", network: "unix" },
    ]);
    assert.deepEqual(Reflect.get(Object(sections["wasm"]), "listeners"), [
      { name: "wasm", address: "0.0.0.0:2045", insecure: true },
    ]);
    assert.deepEqual(Reflect.get(Object(sections["wasm"]), "admin"), {
      address: "unix:/run/admin.sock",
    });
  });

  it("take global plugins and the token of the filter", () => {
    const plugin = { plugin_name: "p", instance_num: 2, vm_config: { path: "p.wasm" } };
    const filters = [
      { type: "Layotto", config: { f: { name: "f", from_wasm_plugin: "p" } } },
      { type: "wasm_filter", config: { token: "very-secret" } },
    ];
    const { sections } = load([listener("wasm", "127.0.0.1:1", filters)], {
      wasm_global_plugins: [plugin],
    });
    assert.deepEqual(sections["wasm"], {
      listeners: [{ name: "wasm", address: "127.0.0.1:1" }],
      admin: { address: "127.0.0.1:1", token: "very-secret" },
      plugins: { p: { instance_num: 2, vm_config: { path: "p.wasm" } } },
      functions: {
        f: {
          from_wasm_plugin: "p",
          config: { name: "f" },
          capabilities: { read: ["*"], services: ["*"] },
        },
      },
    });
  });

  it("are called at their address when a channel of InvokeService names them", () => {
    const channel = [{ protocol: "http", listener: "wasm", size: 1 }, { listener: "egress" }];
    const grpc_config = { rpcs: { mosn: { type: "mosn", config: { channel, a: 1 } } } };
    const runtime = {
      name: "grpc",
      address: "127.0.0.1:34904",
      filter_chains: [{ filters: [{ type: "grpc", config: { grpc_config } }] }],
    };
    const channelsAt = (address: string) => {
      const loaded = load([runtime, { ...functionsListener, address }]);
      assert.deepEqual(lines(loaded.faults), []);
      const { mosn } = loaded.sections["rpcs"] as typeof grpc_config.rpcs; // made above
      assert.equal(mosn.config.a, 1);
      return mosn.config.channel;
    };
    const [first, second] = channel;
    for (const [address, reached] of [
      ["127.0.0.1:2045", "127.0.0.1:2045"],
      ["0.0.0.0:2045", "127.0.0.1:2045"],
      [":2045", "127.0.0.1:2045"],
      ["unix:/a", "wasm"],
    ] as const) {
      assert.deepEqual(channelsAt(address), [{ ...first, listener: reached }, second]);
    }
  });

  it("have faults where they stand in the file", () => {
    const loaded = load([functionsListener, adminListener], {
      wasm_global_plugins: [{ plugin_name: "p", vm_config: {} }, {}],
    });
    const none = { not: {} };
    const each = { properties: { config: { properties: { colour: none } }, instance_num: none } };
    const wasm = {
      properties: {
        listeners: { items: { properties: { address: none } } },
        admin: { properties: { address: none } },
        plugins: { properties: { p: { properties: { vm_config: none } } } },
        functions: { properties: { function_1: each } },
      },
    };
    const { faults } = validateConfig(loaded, { wasm });
    assert.deepEqual(
      faults.map(({ path }) => pathText(path)),
      [
        "wasm_global_plugins[1].plugin_name",
        "servers[0].listeners[0].address",
        "servers[0].listeners[1].address",
        "wasm_global_plugins[0].vm_config",
        "servers[0].listeners[0].stream_filters[0].config.function_1.colour",
        "servers[0].listeners[0].stream_filters[0].config.function_1.instance_num",
      ],
    );
  });

  it("are warned about where they say something twice or what nobody does", () => {
    const { faults, warnings } = load([
      functionsListener,
      { ...functionsListener, colour: 1 },
      adminListener,
      adminListener,
      listener("b", "127.0.0.1:3", [{ type: "gzip" }, { type: "Layotto", config: [] }]),
      { ...functionsListener, address: "", stream_filters: [{ type: "Layotto" }] },
    ]);
    assert.deepEqual(lines(faults), [
      "servers[0].listeners[5].address: must be an address, e.g. 127.0.0.1:34904",
      "servers[0].listeners[4].stream_filters[1].config: must be a map of functions",
    ]);
    assert.deepEqual(lines(warnings), [
      "servers[0].listeners[1].colour: unknown key, ignored",
      `servers[0].listeners[0].stream_filters[0].config.function_1: ${warning}`,
      'servers[0].listeners[1].stream_filters[0].config.function_1: is ignored: function "function_1" is configured before',
      'servers[0].listeners[3].stream_filters[0]: is ignored: there is a filter "wasm_filter" before it',
      'servers[0].listeners[4].stream_filters[0]: stream filter "gzip" is not supported yet',
    ]);
  });

  it("are a warning when nobody serves them, and plugins when nobody uses them", () => {
    const { faults, warnings } = validateConfig(load([adminListener]), { state: {} });
    const message = 'no installed sidecar serves the section "wasm", it is ignored';
    assert.deepEqual(
      [lines(faults), lines(warnings)],
      [[], [`servers[0].listeners[0]: ${message}`]],
    );
    const unused = load([], { wasm_global_plugins: [{ plugin_name: "p" }] });
    assert.deepEqual(lines(unused.warnings), ["wasm_global_plugins: is not used: no listener runs WebAssembly"]); // prettier-ignore
  });
});
