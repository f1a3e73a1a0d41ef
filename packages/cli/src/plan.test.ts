import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { InstalledSidecar } from "./discovery.ts";
import { type Plan, planProcesses } from "./plan.ts";
import type { ProcessSpec } from "./supervisor/process-spec.ts";
import { temporaryDirectory } from "./testing/fixtures.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let installed: InstalledSidecar[];

function sidecar(name: string, sections: string[]): InstalledSidecar {
  const folder = join(directory.path, name);
  mkdirSync(folder);
  const methods = sections.map((section) => ({
    path: `/x.Y/${section}`,
    section,
    unconfigured: { code: 9, reason: "NOT_CONFIGURED", message: `${section} is not configured` },
  }));
  writeFileSync(join(folder, "description.json"), JSON.stringify({ methods }));
  return {
    packageName: `@layotto/${name}-sidecar`,
    version: "1.0.0",
    directory: folder,
    name,
    sections,
    bin: join(folder, "main.js"),
    schemaFile: undefined,
    checks: false,
    descriptionFile: join(folder, "description.json"),
  };
}

before(() => {
  directory = temporaryDirectory();
  installed = [
    { ...sidecar("gateway", ["gateway"]), descriptionFile: undefined },
    sidecar("hello", ["hellos"]),
    sidecar("state", ["state", "lock"]),
  ];
});
after(() => directory.remove());

function plan(config: Record<string, unknown>): Plan {
  return planProcesses({ config, installed, runDir: "/run/x" });
}

function upstreamsOf(gateway: ProcessSpec | undefined): Record<string, { addresses: string[] }> {
  const section = gateway?.config["gateway"] as {
    upstreams: Record<string, { addresses: string[] }>;
  };
  return section.upstreams;
}

const orders = { type: "in-memory" };
const users = { type: "redis" };

describe("planProcesses()", () => {
  it("runs the gateway and only what is used", () => {
    const { processes, unused } = plan({ state: { orders }, hellos: {} });
    assert.deepEqual(
      processes.map((p) => p.name),
      ["gateway", "state"],
    );
    assert.deepEqual(unused, ["hello"]);
  });

  it("gives a process its own sections and the common ones only", () => {
    const app = { app_id: "shop" };
    const { processes } = plan({ app, state: { orders }, hellos: { h: { type: "helloworld" } } });
    assert.deepEqual(processes.find((p) => p.name === "hello")?.config, {
      app,
      hellos: { h: { type: "helloworld" } },
    });
    const state = processes.find((p) => p.name === "state");
    assert.deepEqual(state?.config, { app, state: { orders } });
    assert.deepEqual(state?.memoryComponents, ["state.orders"]);
    assert.deepEqual(state?.components, { state: ["orders"] });
  });

  it("tells the gateway where the sidecars are and what to answer for unused sections", () => {
    const [gateway] = plan({ state: { orders }, gateway: { accessLog: true } }).processes;
    assert.deepEqual(gateway?.config["gateway"], {
      accessLog: true,
      listen: "127.0.0.1:34904",
      actuator: "127.0.0.1:34999",
      upstreams: { state: { addresses: ["unix:/run/x/state.sock"], capability: "state" } },
      unconfigured: ["hellos", "lock"].map((section) => ({
        path: `/x.Y/${section}`,
        code: 9,
        reason: "NOT_CONFIGURED",
        message: `${section} is not configured`,
      })),
    });
  });

  it("keeps upstreams that the user wrote", () => {
    const far = { addresses: ["10.0.0.1:7000"], capability: "pubsub" };
    const [gateway] = plan({ gateway: { upstreams: { pubsub: far } } }).processes;
    assert.deepEqual(upstreamsOf(gateway), { pubsub: far });
  });

  it("binds the TCP addresses of the gateway and leaves unix sockets to it", () => {
    const listen = ["unix:/run/api.sock", "127.0.0.1:34904", ":80", "[::1]:34904"];
    const [gateway] = plan({ gateway: { listen, actuator: false } }).processes;
    assert.deepEqual(gateway?.listeners, [
      { name: "grpc", host: "127.0.0.1", port: 34_904 },
      { name: "grpc-2", host: "0.0.0.0", port: 80 },
      { name: "grpc-3", host: "::1", port: 34_904 },
    ]);
  });

  it("binds the TCP addresses that a sidecar's package points at", () => {
    const own = installed.map((each) =>
      each.name === "state" ? { ...each, listeners: { web: "state.*.address" } } : each,
    );
    const state = {
      a: { address: "127.0.0.1:1" },
      b: { address: "unix:/b" },
      c: { address: ":2" },
    };
    const { processes } = planProcesses({ config: { state }, installed: own, runDir: "/run/x" });
    assert.deepEqual(processes[1]?.listeners, [
      { name: "web", host: "127.0.0.1", port: 1 },
      { name: "web-2", host: "0.0.0.0", port: 2 },
    ]);
  });

  it("sees no components in a section whose keys are fixed", () => {
    const schemaFile = join(directory.path, "schema.json");
    const properties = {
      state: { properties: { orders: {} } },
      lock: { additionalProperties: {} },
    };
    writeFileSync(schemaFile, JSON.stringify({ properties }));
    const own = installed.map((each) => (each.name === "state" ? { ...each, schemaFile } : each));
    const config = { state: { orders }, lock: { l: users } };
    const { processes } = planProcesses({ config, installed: own, runDir: "/run/x" });
    assert.deepEqual(processes[1]?.components, { lock: ["l"] });
  });

  it("splits a sidecar over processes by component", () => {
    const { processes } = plan({
      state: { orders, users },
      lock: { l: users },
      processes: { "orders-state": { sidecar: "state", sections: { state: ["orders"] } } },
    });
    const configs = Object.fromEntries(processes.slice(1).map((p) => [p.name, p.config]));
    assert.deepEqual(configs, {
      state: { state: { users }, lock: { l: users } },
      "orders-state": { state: { orders } },
    });
    assert.deepEqual(Object.keys(upstreamsOf(processes[0])), ["state", "orders-state"]);
  });

  it("gives a section that is a list to every process of its sidecar that has components", () => {
    const lock = [{ first: 1 }, { second: 2 }];
    const { processes } = plan({
      state: { orders, users },
      lock,
      processes: { "orders-state": { sidecar: "state", sections: { state: ["orders"] } } },
    });
    const configs = Object.fromEntries(processes.slice(1).map((p) => [p.name, p.config]));
    assert.deepEqual(configs, {
      state: { state: { users }, lock },
      "orders-state": { state: { orders }, lock },
    });
    assert.deepEqual(
      processes.map((p) => p.components),
      [{}, { state: ["users"] }, { state: ["orders"] }],
    );
    assert.deepEqual(
      plan({ lock }).processes.map((p) => p.name),
      ["gateway"],
    );
  });

  it("does not run the default process when nothing is left for it", () => {
    const { processes } = plan({
      state: { orders },
      processes: { mine: { sidecar: "@layotto/state-sidecar", sections: { state: true } } },
    });
    assert.deepEqual(
      processes.map((p) => p.name),
      ["gateway", "mine"],
    );
  });

  it("reports everything that is wrong with `processes` at once", () => {
    const config = {
      state: { orders },
      processes: {
        gateway: { sidecar: "state", sections: { state: ["orders"] } },
        a: { sidecar: "state", sections: { state: ["orders", "absent"], hellos: true } },
        b: { sidecar: "nope", sections: {} },
        "B 2": { sidecar: "state", sections: {} },
      },
    };
    assert.throws(() => plan(config), {
      exitCode: 64,
      message: [
        "Cannot use the configuration: 7 faults",
        "  ✖ processes.gateway: the name is taken",
        '  ✖ processes.a.sections.state: the component "orders" is not configured, or another process has it',
        '  ✖ processes.a.sections.state: the component "absent" is not configured, or another process has it',
        '  ✖ processes.a.sections.hellos: the sidecar "state" owns state, lock',
        '  ✖ processes.b.sidecar: "nope" is not installed; installed are hello, state',
        "  ✖ processes.B 2: a name is 1 to 24 of a-z, 0-9 and -, a letter first",
        "  ✖ processes.B 2.sections: names no section",
      ].join("\n"),
    });
  });
});
