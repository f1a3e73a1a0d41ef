import assert from "node:assert/strict";
import { test } from "node:test";
import { type MessageInitShape, create, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
  HealthStatus,
} from "@layotto/proto/envoy/config/endpoint/v3/endpoint";
import { seededRandom } from "../../testing/seeded-random.ts";
import { clusterKind, endpointKind, listenerKind, routeKind } from "../kinds.ts";
import { ResourceSet } from "../resource-set.ts";
import { Slices } from "../slices.ts";
import {
  assignment,
  cluster,
  endpoint,
  listenerFor,
  manyEndpoints,
  routesTo,
} from "../testing/resources.ts";
import { readAssignment } from "./endpoints.ts";
import { balancingLabels } from "./values.ts";

type Endpoints = NonNullable<MessageInitShape<typeof ClusterLoadAssignmentSchema>["endpoints"]>;

const context = { slices: new Slices(), zone: undefined };

function arbitrary(random: () => number): ClusterLoadAssignment {
  const below = (end: number) => Math.floor(random() * end);
  const maybe = <T>(value: T) => (random() < 0.5 ? value : undefined);
  let next = 0;
  const endpoints: Endpoints = Array.from({ length: below(4) }, () => ({
    locality: { region: maybe("r") ?? "", zone: maybe(`zone ${below(3)} é`) ?? "", subZone: "s" },
    priority: below(3),
    lbEndpoints: Array.from({ length: below(5) }, () => {
      next += 1;
      const labels = { a: below(3), b: random() < 0.5, c: `ü${below(2)}`, d: null };
      const filterMetadata = { x: { a: "no" }, "envoy.lb": labels };
      return endpoint(maybe(`10.0.0.${next}`) ?? `fd00::${next}`, 1 + below(65_535), {
        healthStatus: below(6) as HealthStatus, // all six are there
        ...(random() < 0.5 ? {} : { metadata: { filterMetadata } }),
      });
    }),
  }));
  return create(ClusterLoadAssignmentSchema, { clusterName: "any", endpoints });
}

function expected({ endpoints }: ClusterLoadAssignment) {
  const fit: number[] = [HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DEGRADED];
  return endpoints.flatMap(({ locality, priority, lbEndpoints }) =>
    lbEndpoints.map(({ hostIdentifier, healthStatus, metadata }) => {
      const socket = hostIdentifier.value?.address?.address.value;
      assert.ok(socket !== undefined && "address" in socket);
      const { address, portSpecifier } = socket;
      const host = address.includes(":") ? `[${address}]` : address;
      return {
        address: `${host}:${portSpecifier.value}`,
        hostname: undefined,
        weight: undefined,
        zone: locality?.zone || locality?.region || undefined,
        priority: priority || undefined,
        metadata: balancingLabels(metadata),
        healthy: fit.includes(healthStatus) ? undefined : false,
      };
    }),
  );
}

test("readAssignment reads what the generated code writes", async () => {
  const random = seededRandom(7);
  for (let run = 0; run < 300; run += 1) {
    const message = arbitrary(random);
    const bytes = toBinary(ClusterLoadAssignmentSchema, message);
    assert.deepEqual(await readAssignment(bytes, context), expected(message));
  }
});

test("damaged resources are refused or read, and end in neither a crash nor a loss of the last good one", async () => {
  const random = seededRandom(11);
  const good: readonly (readonly [ResourceSet<unknown>, Any])[] = [
    [new ResourceSet<unknown>(clusterKind), cluster("a", { lbSubsetConfig: { subsetSelectors: [{ keys: ["x"] }] } })], // prettier-ignore
    [new ResourceSet<unknown>(endpointKind), assignment("a", manyEndpoints(5))],
    [new ResourceSet<unknown>(listenerKind), listenerFor("a", "b")],
    [new ResourceSet<unknown>(routeKind), routesTo("a", "b")],
  ];
  const options = { version: "1", context, isWanted: () => true, warn: () => {} };
  let refusals = 0;
  for (const [set, any] of good) {
    for (let run = 0; run < 1500; run += 1) {
      await set.read([any], options);
      const value = damage(any.value, random);
      const { refused } = await set.read([{ ...any, value }], options);
      refusals += refused.length;
      if (refused.some(({ name }) => name === "a")) assert.ok(set.has("a"));
    }
  }
  assert.ok(refusals > 500, `${refusals}`);
});

function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = new Uint8Array(
    bytes.subarray(0, random() < 0.2 ? random() * bytes.length : undefined),
  );
  const changes = 1 + Math.floor(random() * 4);
  for (let i = 0; i < changes; i += 1) copy[Math.floor(random() * copy.length)] = random() * 256;
  return copy;
}
