import assert from "node:assert/strict";
import { test } from "node:test";
import type { HealthStatus } from "@layotto/proto/envoy/config/endpoint/v3/endpoint";
import { Slices } from "../slices.ts";
import { assignment, assignmentOf, endpoint } from "../testing/resources.ts";
import { readAssignment } from "./endpoints.ts";

const read = (any: { value: Uint8Array }) => readAssignment(any.value, { slices: new Slices() });
const at = (i: number, init: object = {}) => endpoint(`10.0.0.${i}`, 80, init);
const weightsOf = (hosts: readonly { weight?: number | undefined }[]) => hosts.map(({ weight }) => weight); // prettier-ignore

test("readAssignment reads address, name, health and labels", async () => {
  const filterMetadata = {
    "envoy.lb": { stage: "blue", shard: 1.5, beta: true, nested: { a: "b" }, none: null },
    other: { stage: "red" },
  };
  const [host] = await read(assignment("a", [endpoint("2001:db8::1", 8443, { metadata: { filterMetadata } })])); // prettier-ignore
  assert.equal(host?.address, "[2001:db8::1]:8443");
  assert.deepEqual(host?.metadata, { stage: "blue", shard: "1.5", beta: "true" });
  assert.equal(host?.weight, undefined);
});

test("readAssignment takes only healthy, unknown and degraded hosts for fit", async () => {
  const states = [0, 1, 2, 3, 4, 5] satisfies HealthStatus[];
  const hosts = await read(assignment("a", states.map((healthStatus, i) => at(i + 1, { healthStatus })))); // prettier-ignore
  assert.deepEqual(hosts.map(({ healthy }) => healthy ?? true), [true, true, false, false, false, true]); // prettier-ignore
});

test("readAssignment keeps the first of an address", async () => {
  const hosts = await read(assignment("a", [at(1, { loadBalancingWeight: 3 }), at(1), at(2)]));
  assert.deepEqual(weightsOf(hosts), [3, 1]);
});

test("weights of hosts are kept, and shrunk together where they are too large", async () => {
  const weigh = (...weights: number[]) =>
    assignment("a", weights.map((loadBalancingWeight, i) => at(i + 1, { loadBalancingWeight }))); // prettier-ignore
  assert.deepEqual(weightsOf(await read(weigh(1, 10_000))), [1, 10_000]);
  assert.deepEqual(weightsOf(await read(weigh(1, 50_000, 100_000))), [1, 5000, 10_000]);
});

test("weights of localities are shared out among their hosts, for each priority by itself", async () => {
  const hosts = await read(
    assignmentOf("a", [
      { locality: { zone: "a" }, loadBalancingWeight: 3, lbEndpoints: [at(1), at(2), at(3)] },
      { locality: { zone: "b" }, loadBalancingWeight: 2, lbEndpoints: [at(4)] },
      { locality: { zone: "c" }, lbEndpoints: [at(5)] },
      { locality: { region: "d" }, loadBalancingWeight: 1, priority: 1, lbEndpoints: [at(6)] },
    ]),
  );
  assert.deepEqual(weightsOf(hosts), [5000, 5000, 5000, 10_000, 0, 10_000]);
  assert.deepEqual(hosts.map(({ zone }) => zone), ["a", "a", "a", "b", "c", "d"]); // prettier-ignore
  assert.deepEqual(hosts.map(({ priority }) => priority ?? 0), [0, 0, 0, 0, 0, 1]); // prettier-ignore
});

test("readAssignment refuses what has no usable address", async () => {
  await assert.rejects(read(assignment("a", [{}])), /must have a socket_address/);
  await assert.rejects(read(assignment("a", [endpoint("10.0.0.1", 0)])), /port of "10\.0\.0\.1"/);
  await assert.rejects(read(assignment("a", [endpoint("", 80)])), /must have an address/);
  const value = { address: { address: { case: "pipe", value: { path: "/x" } } } } as const;
  await assert.rejects(read(assignment("a", [{ hostIdentifier: { case: "endpoint", value } }])), /socket_address/); // prettier-ignore
});

test("readAssignment ends on every truncation, by an error or a shorter list", async () => {
  const { value } = assignment("a", [at(1, { loadBalancingWeight: 2 }), at(2)]);
  for (let length = 0; length < value.length; length += 1) {
    const cut = value.subarray(0, length);
    const hosts = await readAssignment(cut, { slices: new Slices() }).catch(() => []);
    assert.ok(hosts.length < 2);
  }
});
