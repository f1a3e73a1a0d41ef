import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { eventually, makeAuthority, tempDir } from "@layotto/sidecar-kit/testing";
import type { Registry } from "../../component.ts";
import { registryConformance, type RegistryHarness } from "../../conformance.ts";
import { loggedContext } from "../testing/logged-context.ts";
import { kubernetes } from "./kubernetes.ts";
import { kubernetesMetadata } from "./metadata.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";

type Cleaning = Pick<TestContext, "after">;

/** The files of a pod's service account. */
function serviceAccount(test: Cleaning, ca = ""): string {
  const dir = tempDir(test);
  for (const [name, content] of Object.entries({
    token: "token-1\n",
    namespace: "shop",
    "ca.crt": ca,
  })) {
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

const ports = [{ name: "http", port: 8080 }];

function endpoints(...addresses: string[]) {
  const list = addresses.map((address) => ({ addresses: [address] }));
  return { addressType: "IPv4", ports, endpoints: list };
}

async function start(): Promise<RegistryHarness> {
  const server = await FakeApiServer.start();
  const cleaners: (() => void)[] = [];
  const folder = serviceAccount({ after: (fn) => void cleaners.push(fn as () => void) });
  const { context, logged } = loggedContext();
  const metadata = kubernetesMetadata.parse({ apiServer: server.url, serviceAccountPath: folder });
  return {
    open: () => kubernetes.open(metadata, context),
    // A dot would part the name from the namespace.
    serviceName: (name) => name.replaceAll(".", "-"),
    publish: async (service, hosts) => {
      const addresses = hosts.map(({ address }) => address.slice(0, address.indexOf(":")));
      server.put(service, `${service}-1`, endpoints(...addresses));
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    logged,
    close: async () => {
      await server.kill();
      for (const clean of cleaners) clean();
    },
  };
}

registryConformance("kubernetes (faked)", start, { readOnly: true });

async function setUp(test: TestContext) {
  const server = await FakeApiServer.start();
  test.after(() => server.kill());
  const folder = serviceAccount(test);
  const { context, logged } = loggedContext();
  const metadata = kubernetesMetadata.parse({ apiServer: server.url, serviceAccountPath: folder });
  const registry = await kubernetes.open(metadata, context);
  test.after(() => registry.close());
  return { server, registry, logged, folder };
}

function follow(registry: Registry, parameters: Record<string, string> = {}) {
  let addresses: string | undefined;
  registry.watch({ service: "orders", parameters }, (hosts) => {
    addresses = hosts.map(({ address }) => address.split(":")[0]).join();
  });
  return (wanted: string) => eventually(wanted, () => addresses === wanted);
}

void describe("kubernetes registry", () => {
  void it("adds up the slices of a service as they come, change and go", async (test) => {
    const { server, registry } = await setUp(test);
    const becomes = follow(registry);
    server.put("orders", "orders-1", endpoints("10.0.0.1"));
    await becomes("10.0.0.1");
    server.put("orders", "orders-2", endpoints("10.0.0.2"));
    server.put("other", "other-1", endpoints("10.0.0.9"));
    await becomes("10.0.0.1,10.0.0.2");
    server.put("orders", "orders-1", endpoints("10.0.0.3"));
    await becomes("10.0.0.3,10.0.0.2");
    server.remove("orders-2");
    await becomes("10.0.0.3");
  });

  void it("reads a list in pages", async (test) => {
    const { server, registry } = await setUp(test);
    server.pageSize = 1;
    for (const number of [1, 2, 3])
      server.put("orders", `o-${number}`, endpoints(`10.0.0.${number}`));
    await follow(registry)("10.0.0.1,10.0.0.2,10.0.0.3");
  });

  void it("goes on where it was when a watch ends, without a list and without a word", async (test) => {
    const { server, registry, logged } = await setUp(test);
    const becomes = follow(registry);
    server.put("orders", "orders-1", endpoints("10.0.0.1"));
    await becomes("10.0.0.1");
    server.endWatches();
    server.put("orders", "orders-1", endpoints("10.0.0.2"));
    await becomes("10.0.0.2");
    const lists = server.requests.filter((each) => each.includes("limit=500"));
    assert.deepEqual([lists.length, logged()], [1, []]);
  });

  for (const how of ["expireWatches", "compact"] as const) {
    void it(`lists again when its version is no longer kept: ${how}`, async (test) => {
      const { server, registry, logged } = await setUp(test);
      const becomes = follow(registry);
      server.put("orders", "orders-1", endpoints("10.0.0.1"));
      await becomes("10.0.0.1");
      server[how]();
      server.endWatches();
      server.put("orders", "orders-1", endpoints("10.0.0.2"));
      await becomes("10.0.0.2");
      assert.deepEqual(logged(), []);
    });
  }

  void it("leaves no watch open that it has given up", async (test) => {
    const { server, registry } = await setUp(test);
    const becomes = follow(registry);
    server.put("orders", "orders-1", endpoints("10.0.0.1"));
    await becomes("10.0.0.1");
    await eventually("a watch", () => server.watching === 1);
    const before = server.requests.length;
    server.expireWatches(false);
    await eventually("the next watch", () => server.requests.length >= before + 2);
    server.put("orders", "orders-1", endpoints("10.0.0.2"));
    await becomes("10.0.0.2");
    assert.equal(server.watching, 1);
  });

  void it("reads the token anew, since it changes", async (test) => {
    const { server, registry, folder } = await setUp(test);
    server.token = "token-2";
    writeFileSync(join(folder, "token"), "token-2");
    server.put("orders", "orders-1", endpoints("10.0.0.1"));
    await follow(registry)("10.0.0.1");
  });

  void it("says once that it may not read, and keeps trying", async (test) => {
    const { server, registry, logged } = await setUp(test);
    server.token = "token-2";
    const becomes = follow(registry);
    await eventually("a warning", () => logged().length > 0);
    const before = server.requests.length;
    await eventually("another attempt", () => server.requests.length > before);
    server.token = "token-1";
    await becomes("");
    assert.deepEqual(logged(), [
      "warn: the Kubernetes API cannot be used, keeping what is known",
      "info: the Kubernetes API can be used again",
    ]);
  });

  void it("ends its watches when they are stopped", async (test) => {
    const { server, registry } = await setUp(test);
    const stop = registry.watch({ service: "orders", parameters: {} }, () => {});
    await eventually("a watch", () => server.watching === 1);
    stop();
    await eventually("no watch", () => server.watching === 0);
  });

  void it("speaks TLS with the authority of the pod, and with a kubeconfig", async (test) => {
    const dir = tempDir(test);
    const authority = makeAuthority(dir);
    const { cert, key } = authority.issue("api");
    const server = await FakeApiServer.start({ cert: readFileSync(cert), key: readFileSync(key) });
    test.after(() => server.kill());
    server.put("orders", "orders-1", endpoints("10.0.0.1"));
    const { context } = loggedContext();
    const folder = serviceAccount(test, readFileSync(authority.cert, "utf8"));
    const inPod = kubernetesMetadata.parse({ apiServer: server.url, serviceAccountPath: folder });
    const kubeconfig = join(dir, "config");
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        "current-context": "main",
        contexts: [{ name: "main", context: { cluster: "c", user: "u", namespace: "shop" } }],
        clusters: [
          { name: "c", cluster: { server: server.url, "certificate-authority": authority.cert } },
        ],
        users: [{ name: "u", user: { token: "token-1" } }],
      }),
    );
    for (const metadata of [inPod, kubernetesMetadata.parse({ kubeconfig })]) {
      const registry = await kubernetes.open(metadata, context);
      test.after(() => registry.close());
      await follow(registry)("10.0.0.1");
    }
    const wrong = kubernetesMetadata.parse({ kubeconfig, context: "nowhere" });
    await assert.rejects(kubernetes.open(wrong, context), /it has no context "nowhere"/);
  });
});
