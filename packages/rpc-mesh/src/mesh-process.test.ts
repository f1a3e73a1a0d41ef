import assert from "node:assert/strict";
import { test } from "node:test";
import { answering, rawClient, rawServer } from "@layotto/http1/testing";
import { openComponents } from "@layotto/sidecar-kit";
import { eventually, testContext } from "@layotto/sidecar-kit/testing";
import { registryTypes } from "./components/index.ts";
import { readSections } from "./config/read-sections.ts";
import { errors } from "./errors.ts";
import { startExtension } from "./extension/testing/fake-extension.ts";
import { MeshProcess } from "./mesh-process.ts";

test("functions of listeners are reached on the gateway's internal socket, and counted", async (t) => {
  const { runDir } = await startExtension(t, { f: ({ headers }) => ({ headersChanged: true, headers: [...headers, "y", "1"] }) });
  const upstream = await rawServer(t, answering());
  const virtual_hosts = [{ name: "h", domains: ["*"], routers: [{ route: { cluster_name: "c" } }] }];
  const mesh = {
    listeners: [{ name: "l", address: "127.0.0.1:0", protocol: "http1", router: "r", filters: [{ function: "f", timeout: "5s" }] }],
    routers: [{ router_config_name: "r", virtual_hosts }],
    clusters: [{ name: "c", hosts: [upstream.address] }],
  };
  const context = testContext({ runDir });
  const registries = openComponents({ section: "registries", types: registryTypes, configs: {}, context, errors: { notFound: errors.REGISTRY_NOT_FOUND, notConfigured: errors.NOT_CONFIGURED } });
  const started = await MeshProcess.create(readSections({ mesh }, "app"), registries, context);
  t.after(() => started.close());
  started.start();
  await eventually("it listens", () => started.listeners.port("l") !== undefined);
  const client = await rawClient(t, started.listeners.port("l") ?? 0);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await client.until("ok"), /\r\ny: 1\r\n/u);
  const family = context.metrics.families().find(({ name }) => name === "layotto_mesh_function_phases_total");
  assert.deepEqual(family?.samples.map(({ value }) => value), [2]);
}); // prettier-ignore
