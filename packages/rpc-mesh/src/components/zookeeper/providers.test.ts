import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatNode } from "./dubbo-url.ts";
import { providerHosts, providerUrl } from "./providers.ts";

function node(address: string, parameters: Record<string, string> = {}, protocol = "dubbo") {
  return formatNode({ protocol, address, path: "com.foo.Bar", parameters });
}

function addresses(nodes: readonly string[], parameters: Record<string, string> = {}): string[] {
  return providerHosts(nodes, { service: "com.foo.Bar", parameters }).map((host) => host.address);
}

void describe("providerHosts", () => {
  void it("matches version and group as Dubbo's consumers do", () => {
    const nodes = [
      node("a:1"),
      node("b:1", { version: "1.0" }),
      node("c:1", { version: "1.0", group: "g" }),
      node("d:1", { version: "0.0.0" }),
    ];
    assert.deepEqual(addresses(nodes), ["a:1", "d:1"]);
    assert.deepEqual(addresses(nodes, { version: "0.0.0" }), ["a:1", "d:1"]);
    assert.deepEqual(addresses(nodes, { version: "1.0" }), ["b:1"]);
    assert.deepEqual(addresses(nodes, { version: "1.0", group: "f,g" }), ["c:1"]);
    assert.deepEqual(addresses(nodes, { version: "*", group: "*" }), ["a:1", "b:1", "c:1", "d:1"]);
  });

  void it("wants the protocol dubbo unless told otherwise, and other parameters to be equal", () => {
    const nodes = [node("a:1"), node("b:1", {}, "tri"), node("c:1", { env: "gray" })];
    assert.deepEqual(addresses(nodes), ["a:1", "c:1"]);
    assert.deepEqual(addresses(nodes, { protocol: "tri" }), ["b:1"]);
    assert.deepEqual(addresses(nodes, { protocol: "*" }), ["a:1", "b:1", "c:1"]);
    assert.deepEqual(addresses(nodes, { env: "gray" }), ["c:1"]);
  });

  void it("leaves out what is disabled and what is no provider", () => {
    const nodes = [node("a:1", { enabled: "false" }), node("b:1", { disabled: "true" }), "x"];
    assert.deepEqual(addresses(nodes), []);
  });

  void it("takes the newest of an address", () => {
    const [older, newer] = [{ timestamp: "10", weight: "1" }, { timestamp: "20", weight: "2" }]; // prettier-ignore
    for (const nodes of [
      [node("a:1", older), node("a:1", newer)],
      [node("a:1", newer), node("a:1", older)],
    ]) {
      const [host] = providerHosts(nodes, { service: "com.foo.Bar", parameters: {} });
      assert.equal(host?.weight, 2);
    }
  });

  void it("reads weight, zone and metadata", () => {
    const nodes = [node("a:1", { weight: "7", zone: "z", methods: "m", application: "x" })];
    assert.deepEqual(providerHosts(nodes, { service: "com.foo.Bar", parameters: {} }), [
      {
        address: "a:1",
        weight: 7,
        zone: "z",
        metadata: { weight: "7", zone: "z", application: "x", protocol: "dubbo" },
      },
    ]);
    const weights = ["", "x", "-1", "99999"].map((weight) => node(`h${weight}:1`, { weight }));
    const hosts = providerHosts(weights, { service: "com.foo.Bar", parameters: {} });
    assert.deepEqual(hosts.map(({ weight }) => weight), [100, 100, 0, 10_000]); // prettier-ignore
  });
});

void it("providerUrl: has what Dubbo's consumers look at", () => {
  const url = providerUrl(
    {
      service: "com.foo.Bar",
      address: "10.0.0.1:20880",
      weight: 50,
      metadata: { application: "shop", zone: "z" },
      parameters: { version: "1.0", group: "g", protocol: "tri" },
    },
    "app",
    1234,
  );
  assert.deepEqual([url.protocol, url.address, url.path], ["tri", "10.0.0.1:20880", "com.foo.Bar"]);
  const { pid, ...parameters } = url.parameters;
  assert.equal(pid, String(process.pid));
  assert.deepEqual(parameters, {
    anyhost: "true",
    application: "shop",
    deprecated: "false",
    dubbo: "2.0.2",
    dynamic: "true",
    generic: "false",
    group: "g",
    interface: "com.foo.Bar",
    methods: "*",
    side: "provider",
    timestamp: "1234",
    version: "1.0",
    weight: "50",
    zone: "z",
  });
});
