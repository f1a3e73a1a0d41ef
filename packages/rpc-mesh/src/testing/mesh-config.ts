// Reading parts of the section `mesh` in tests.
import assert from "node:assert/strict";
import { pathText } from "@layotto/sidecar-kit/config";
import { readMesh } from "../config/read-mesh.ts";
import type { ClusterConfig } from "../model/cluster.ts";
import type { RouteConfig } from "../model/route.ts";

/** Lines of a report, faults and then warnings. */
export function report(section: unknown, options = {}): string[] {
  const { faults, warnings } = readMesh(section, options);
  return [
    ...faults.map(({ path, message }) => `✖ ${pathText(path)}: ${message}`),
    ...warnings.map(({ path, message }) => `⚠ ${pathText(path)}: ${message}`),
  ];
}

/** Reads a section that is right, without a warning. */
export function meshOf(section: unknown, options = {}) {
  assert.deepEqual(report(section, options), []);
  const { config } = readMesh(section, options);
  assert.ok(config);
  return config;
}

/** A host for clusters that need one. */
export const host = { address: "10.0.0.1:80" };

/** Reads one cluster. */
export function clusterOf(part: object): ClusterConfig {
  const cluster = meshOf({ clusters: [{ name: "c", hosts: [host], ...part }] }).clusters[0];
  assert.ok(cluster);
  return cluster;
}

/** Reads one route of a router, to the cluster `c` unless it says where. */
export function routeOf(part: object): RouteConfig {
  const virtual_hosts = [{ name: "h", domains: ["*"], routers: [{ route: { cluster_name: "c" }, ...part }] }]; // prettier-ignore
  const clusters = [{ name: "c", hosts: [host] }];
  const route = meshOf({ routers: [{ router_config_name: "r", virtual_hosts }], clusters }).routers[0]?.virtualHosts[0]?.routes[0]; // prettier-ignore
  assert.ok(route);
  return route;
}
