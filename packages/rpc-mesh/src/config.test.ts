import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPublished, pathText } from "@layotto/sidecar-kit/config";
import { schemaOf } from "@layotto/sidecar-kit/describe";
import { readMesh } from "./config/read-mesh.ts";

const schema = await schemaOf(() => import("./config.ts").then((module) => module.config));

function faultsOf(mesh: unknown): string[] {
  const { faults } = checkPublished(schema, { mesh }, []);
  return faults.map(({ path, message }) => `${pathText(path)}: ${message}`);
}

describe("schema of the section mesh", () => {
  it("allows what readMesh reads, and leaves its meaning alone", () => {
    const mesh = {
      zone: "a",
      listeners: [
        {
          name: "l",
          address: "127.0.0.1:0",
          router: "r",
          protocol: "auto",
          timeout: "3s",
          connection_idle_timeout: 5000,
          filter_chains: [{ tls_context: {}, filters: [{ type: "proxy", config: { downstream_protocol: "X" } }] }],
          stream_filters: [{ type: "payload_limit", config: { max_entity_size: 1 } }],
        },
      ],
      routers: [
        {
          router_config_name: "r",
          virtual_hosts: [
            {
              domains: "*",
              routers: [
                { match: { headers: [{ name: "service", value: ".*" }] }, route: { cluster_name: "c", timeout: "1s", retry_policy: { retry_on: true }, hash_policy: [{ source_ip: {} }] } },
                { route: { weighted_clusters: [{ cluster: { name: "c", weight: 1, metadata_match: { filter_metadata: { "mosn.lb": { v: "1" } } } } }] }, request_mirror_policies: { cluster: "c" } },
                { redirect: { path_redirect: "/" } },
                { direct_response: { status: 200 } },
              ],
              request_headers_to_add: { "x-a": "1" },
            },
          ],
        },
      ],
      cluster_manager: { tls_context: {}, clusters: [{ name: "c", lb_type: "LB_RANDOM", hosts: ["a:1"], outlier_detection: { interval: "1s" } }] },
      clusters: [{ name: "d", discovery: { type: "dns", name: "d", port: 1 }, breaker: { strategy: 1, window: "5s" } }],
      registrations: [],
      xds: { servers: "127.0.0.1:1" },
    }; // prettier-ignore
    const { value, faults } = checkPublished(schema, { mesh }, []);
    assert.deepEqual(faults, []);
    const [plain, parsed] = [readMesh(mesh), readMesh((value as { mesh: unknown }).mesh)]; // just checked
    assert.deepEqual(plain.faults, []);
    assert.deepEqual(parsed, plain);
  });

  it("names slips", () => {
    assert.deepEqual(
      faultsOf({ listners: [], clusters: [{ name: "c", lb_typ: "x", connect_timeout: "soon" }] }),
      [
        'mesh.listners: unknown key; did you mean "listeners"?',
        'mesh.clusters[0].lb_typ: unknown key; did you mean "lb_type"?',
        'mesh.clusters[0].connect_timeout: must be a duration, e.g. "2s", "500ms" or "1m30s"',
      ],
    );
  });
});
