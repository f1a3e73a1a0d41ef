import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serviceOf, sliceHosts, type KubeService } from "./slices.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";

const service: KubeService = {
  namespace: "shop",
  name: "orders",
  port: undefined,
  addressType: undefined,
};
const ports = [
  { name: "dns", port: 53, protocol: "UDP" },
  { name: "http", port: 8080 },
  { name: "grpc", port: 9090, protocol: "TCP" },
];

function slice(part: Partial<EndpointSlice>): EndpointSlice {
  return { addressType: "IPv4", ports, endpoints: [{ addresses: ["10.0.0.1"] }], ...part };
}

function addresses(slices: EndpointSlice[], part: Partial<KubeService> = {}): string[] {
  return sliceHosts(slices, { ...service, ...part }).map(({ address }) => address);
}

void describe("sliceHosts", () => {
  void it("reads zone, node, pod and the name of the service", () => {
    const endpoint = {
      addresses: ["10.0.0.1", "10.9.9.9"],
      conditions: { ready: true, serving: true, terminating: false },
      zone: "z1",
      nodeName: "n1",
      targetRef: { kind: "Pod", name: "orders-1" },
    };
    assert.deepEqual(sliceHosts([slice({ endpoints: [endpoint] })], service), [
      {
        address: "10.0.0.1:8080",
        hostname: "orders.shop.svc",
        metadata: { namespace: "shop", pod: "orders-1", node: "n1" },
        zone: "z1",
      },
    ]);
  });

  void it("finds the port by name or number, otherwise the first for TCP", () => {
    const slices = [slice({})];
    assert.deepEqual(addresses(slices), ["10.0.0.1:8080"]);
    assert.deepEqual(addresses(slices, { port: "grpc" }), ["10.0.0.1:9090"]);
    assert.deepEqual(addresses(slices, { port: "7000" }), ["10.0.0.1:7000"]);
    assert.deepEqual(addresses(slices, { port: "other" }), []);
    assert.deepEqual(addresses([slice({ ports: [] })]), []);
  });

  void it("takes what is ready; what shuts down and still answers comes last; leaves out the rest", () => {
    const endpoints = [
      { addresses: ["10.0.0.1"] },
      { addresses: ["10.0.0.2"], conditions: { ready: false } },
      { addresses: ["10.0.0.3"], conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ["10.0.0.4"], conditions: { ready: false, serving: false, terminating: true } },
      { addresses: ["10.0.0.5"], conditions: {} },
    ];
    const hosts = sliceHosts([slice({ endpoints })], service);
    assert.deepEqual(
      hosts.map(({ address, priority }) => [address, priority]),
      [
        ["10.0.0.1:8080", undefined],
        ["10.0.0.3:8080", 1],
        ["10.0.0.5:8080", undefined],
      ],
    );
  });

  void it("takes one family of a dual-stack service", () => {
    const six = slice({ addressType: "IPv6", endpoints: [{ addresses: ["fd00::1"] }] });
    assert.deepEqual(addresses([six, slice({})]), ["10.0.0.1:8080"]);
    assert.deepEqual(addresses([six, slice({})], { addressType: "IPv6" }), ["[fd00::1]:8080"]);
    assert.deepEqual(addresses([six, slice({ endpoints: [] })]), ["[fd00::1]:8080"]);
  });

  void it("uses names of FQDN slices for TLS", () => {
    const named = slice({ addressType: "FQDN", endpoints: [{ addresses: ["db.example.com"] }] });
    const [host] = sliceHosts([named], service);
    assert.deepEqual([host?.address, host?.hostname], ["db.example.com:8080", "db.example.com"]);
  });

  void it("takes the better of two words about an endpoint that moves between slices", () => {
    const conditions = { ready: false, serving: true, terminating: true };
    const leaving = slice({ endpoints: [{ addresses: ["10.0.0.1"], conditions }] });
    for (const slices of [
      [leaving, slice({})],
      [slice({}), leaving],
    ]) {
      assert.equal(sliceHosts(slices, service)[0]?.priority, undefined);
    }
  });
});

void it("serviceOf: reads the namespace from the name, the parameter, or takes the default", () => {
  const read = (name: string, parameters = {}) =>
    serviceOf({ service: name, parameters }, "default");
  assert.deepEqual([read("a").name, read("a").namespace], ["a", "default"]);
  assert.deepEqual([read("a.b.svc").name, read("a.b.svc").namespace], ["a", "b"]);
  assert.equal(read("a", { namespace: "c", port: "http" }).namespace, "c");
});
