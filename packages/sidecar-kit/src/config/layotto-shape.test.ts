import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathText } from "./fault.ts";
import { interpretConfig } from "./load.ts";
import { validateConfig } from "./validate.ts";

const runtime = {
  name: "grpc",
  address: "127.0.0.1:34904",
  filter_chains: [{ filters: [{ type: "grpc", config: { grpc_config: { state: {} } } }] }],
};
const actuator = {
  name: "actuator",
  address: "127.0.0.1:34999",
  filter_chains: [{ filters: [{ type: "proxy", config: { router_config_name: "unused" } }] }],
  stream_filters: [{ type: "actuator_filter" }],
};
const proxy = (name: string, router: string, part: object = {}) => ({
  name,
  address: "127.0.0.1:12221",
  filter_chains: [{ filters: [{ type: "proxy", config: { router_config_name: router } }] }],
  ...part,
});
const routers = [
  { router_config_name: "unused" },
  { router_config_name: "http_router", virtual_hosts: [] },
  { router_config_name: "wasm_router", virtual_hosts: [] },
];
const plugin = proxy("plugin", "wasm_router", { stream_filters: [{ type: "so_plugin" }] });

function load(listeners: object[], rest: object = {}) {
  return interpretConfig("c.json", { servers: [{ listeners, routers }], ...rest }, {});
}

const lines = (list: readonly { path: readonly PropertyKey[]; message: string }[]) =>
  list.map(({ path, message }) => `${pathText(path)}: ${message}`);

describe("interpretConfig: listeners that forward", () => {
  const clusters = { clusters: [{ Name: "a", hosts: [] }, { name: "b" }], tls_context: {} };

  it("become the section mesh, with their routers and all clusters", () => {
    const egress = proxy("egress", "http_router");
    const loaded = load([actuator, runtime, egress], { cluster_manager: clusters });
    assert.deepEqual(loaded.sections["mesh"], {
      listeners: [egress],
      routers: [routers[1]],
      cluster_manager: {
        clusters: [{ name: "a", hosts: [] }, { name: "b" }],
        tls_context: {},
      },
    });
    assert.deepEqual(loaded.sections["gateway"], {
      listen: "127.0.0.1:34904",
      actuator: "127.0.0.1:34999",
    });
    assert.deepEqual([lines(loaded.faults), lines(loaded.warnings)], [[], []]);
  });

  it("have faults where they stand in the file", () => {
    const loaded = load(
      [runtime, actuator, plugin, proxy("egress", "http_router", { colour: 1 })],
      {
        cluster_manager: { clusters: [{ name: 5 }] },
      },
    );
    const closed = { type: "object", additionalProperties: false };
    const mesh = {
      properties: {
        listeners: {
          items: { ...closed, properties: { name: {}, address: {}, filter_chains: {} } },
        },
        routers: { items: { ...closed, properties: { router_config_name: {} } } },
        cluster_manager: {
          properties: { clusters: { items: { properties: { name: { type: "string" } } } } },
        },
      },
    };
    const { faults, warnings } = validateConfig(loaded, { mesh, state: {}, gateway: {} });
    assert.deepEqual(lines(faults), [
      "cluster_manager.clusters[0].name: must be a string, not a number",
    ]);
    assert.deepEqual(lines(warnings), [
      "servers[0].listeners[2]: listener \"plugin\" is not served: it is neither the runtime's, nor the actuator's, nor does it forward or run WebAssembly",
      "servers[0].listeners[3].colour: unknown key, ignored",
      "servers[0].routers[1].virtual_hosts: unknown key, ignored",
    ]);
  });

  it("are a warning when nobody serves the mesh", () => {
    const { faults, warnings } = validateConfig(load([runtime, proxy("e", "http_router")]), { state: {}, gateway: {} }); // prettier-ignore
    assert.deepEqual([lines(faults), lines(warnings)], [[], ['servers[0].listeners[1]: no installed sidecar serves the section "mesh", it is ignored']]); // prettier-ignore
  });

  it("are not there: clusters alone are a warning", () => {
    const { sections, warnings } = load([runtime, plugin], { cluster_manager: clusters });
    assert.equal(sections["mesh"], undefined);
    assert.equal(lines(warnings)[1], "cluster_manager.clusters: is not used: no listener forwards to clusters"); // prettier-ignore
  });
});

describe("interpretConfig: management servers", () => {
  const ads = { ads_config: { api_type: "GRPC", grpc_services: [{ envoy_grpc: { cluster_name: "x" } }] } }; // prettier-ignore
  const address = { socket_address: { address: "istiod", port_value: 15010 } };
  const assignment = { endpoints: [{ lb_endpoints: [{ endpoint: { address } }, { endpoint: { address: { pipe: { path: "/x" } } } }] }] }; // prettier-ignore
  const node = { id: "n", cluster: "c", metadata: { A: "b" }, locality: { zone: "z" } };

  it("go to mesh.xds", () => {
    const static_resources = { clusters: [{ name: "x", load_assignment: assignment }] };
    const rest = { dynamic_resources: ads, static_resources, node };
    const { sections, warnings } = load([runtime, proxy("e", "http_router")], rest);
    assert.deepEqual(Reflect.get(Object(sections["mesh"]), "xds"), {
      servers: ["istiod:15010", "unix:/x"],
      node: { id: "n", cluster: "c", zone: "z", metadata: { A: "b" } },
    });
    assert.deepEqual(lines(warnings), []);
  });

  it("also as older files name them", () => {
    const dynamic_resources = { ads_config: { grpc_services: { envoy_grpc: { cluster_name: "x" } } } }; // prettier-ignore
    const static_resources = { clusters: [{ name: "x", hosts: [address] }] };
    const { sections } = load([runtime, proxy("e", "http_router")], { dynamic_resources, static_resources }); // prettier-ignore
    assert.deepEqual(Reflect.get(Object(sections["mesh"]), "xds"), { servers: ["istiod:15010"] });
  });

  it("are a warning when they cannot be found or nobody asks", () => {
    const message = "dynamic_resources: is not used; put the management server into mesh.xds of a flat file"; // prettier-ignore
    for (const listeners of [[runtime, proxy("e", "http_router")], [runtime]]) {
      assert.deepEqual(lines(load(listeners, { dynamic_resources: ads }).warnings), [message]);
    }
  });
});

describe("interpretConfig: filters of the runtime's listener", () => {
  const flow = { global_switch: true, rules: [{ resource: "/a", threshold: 5 }] };
  const dump = { strategy: { switch: "ON", interval: 30 } };
  const filtered = {
    ...runtime,
    filter_chains: [{ filters: [{ type: "tcpcopy", config: dump }, ...runtime.filter_chains.flatMap(({ filters }) => filters)] }], // prettier-ignore
    stream_filters: [{ type: "grpc_metric" }, { type: "flowControlFilter", config: flow }, { type: "gzip" }], // prettier-ignore
  };

  it("go to the gateway as they are", () => {
    const { sections, warnings, faults } = load([filtered]);
    assert.deepEqual(sections["gateway"], { tcpcopy: dump, flowControl: flow, listen: "127.0.0.1:34904" }); // prettier-ignore
    assert.deepEqual([lines(faults), lines(warnings)], [[], ['servers[0].listeners[0].stream_filters[2]: stream filter "gzip" is not supported yet']]); // prettier-ignore
  });

  it("have faults where they stand in the file", () => {
    const gateway = { properties: { flowControl: { properties: { rules: { type: "object" } } } } };
    const { faults } = validateConfig(load([filtered]), { gateway, state: {} });
    assert.deepEqual(lines(faults), [
      "servers[0].listeners[0].stream_filters[1].config.rules: must be a map, not a list",
    ]);
  });
});
