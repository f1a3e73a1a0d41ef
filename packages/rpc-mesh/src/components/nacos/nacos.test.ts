import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import type { Instance } from "../../component.ts";
import { registryConformance, type RegistryHarness } from "../../conformance.ts";
import type { HostConfig } from "../../model/host.ts";
import { loggedContext } from "../testing/logged-context.ts";
import { nacosMetadata } from "./metadata.ts";
import { nacos } from "./nacos.ts";
import { FakeNacos } from "./testing/fake-nacos.ts";

const quick = { pollInterval: "100ms", beatInterval: "100ms" };

for (const apiVersion of ["v1", "v3"] as const) {
  const start = async (): Promise<RegistryHarness> => {
    const server = await FakeNacos.start();
    const { context, logged } = loggedContext();
    const metadata = nacosMetadata.parse({ address: server.address, apiVersion, ...quick });
    return {
      open: () => nacos.open(metadata, context),
      kill: () => server.kill(),
      restart: () => server.restart(),
      logged,
      close: () => server.kill(),
    };
  };
  registryConformance(`nacos ${apiVersion} (faked)`, start, {
    metadata: true,
    parameter: ["group", "ONE", "TWO"],
  });
}

const instance: Instance = {
  service: "shop",
  address: "10.0.0.1:80",
  weight: 100,
  metadata: { zone: "z" },
  parameters: { cluster: "c1", version: "2" },
};

async function setUp(
  test: TestContext,
  metadata: object = {},
  prepare?: (server: FakeNacos) => void,
) {
  const server = await FakeNacos.start();
  test.after(() => server.kill());
  prepare?.(server);
  const { context, logged } = loggedContext();
  const keys = { address: server.address, ...quick, ...metadata };
  const registry = await nacos.open(nacosMetadata.parse(keys), context);
  test.after(() => registry.close());
  return { server, registry, logged };
}

void describe("nacos registry", () => {
  void it("writes an instance in Nacos' words", async (test) => {
    const { server, registry } = await setUp(test, { namespaceId: "n1" });
    await registry.register(instance);
    const [known] = server.instances.values();
    const { metadata, ...values } = known?.values ?? {};
    assert.deepEqual(values, {
      namespaceId: "n1",
      groupName: "DEFAULT_GROUP",
      serviceName: "shop",
      clusterName: "c1",
      ip: "10.0.0.1",
      port: "80",
      ephemeral: "true",
      enabled: "true",
      healthy: "true",
      weight: "1",
    });
    assert.deepEqual(JSON.parse(metadata ?? ""), { version: "2", zone: "z" });
  });

  void it("reads health, weight, zone and clusters; leaves out what is disabled", async (test) => {
    const { server, registry } = await setUp(test);
    await registry.register(instance);
    await registry.register({ ...instance, address: "10.0.0.2:80", parameters: {}, weight: 5 });
    await registry.register({ ...instance, address: "10.0.0.3:80" });
    const [first, second, third] = [...server.instances.values()];
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    first.values["healthy"] = "false";
    third.values["enabled"] = "false";
    const reports: (readonly HostConfig[])[] = [];
    registry.watch({ service: "shop", parameters: {} }, (hosts) => reports.push(hosts));
    const clustered: (readonly HostConfig[])[] = [];
    registry.watch({ service: "shop", parameters: { cluster: "DEFAULT,x" } }, (hosts) => clustered.push(hosts)); // prettier-ignore
    await eventually("hosts", () => reports.length > 0 && clustered.length > 0);
    assert.deepEqual(reports, [
      [
        {
          address: "10.0.0.1:80",
          weight: 100,
          metadata: { version: "2", zone: "z", cluster: "c1" },
          healthy: false,
          zone: "z",
        },
        {
          address: "10.0.0.2:80",
          weight: 5,
          metadata: { zone: "z", cluster: "DEFAULT" },
          zone: "z",
        },
      ],
    ]);
    assert.deepEqual(clustered[0]?.map(({ address }) => address), ["10.0.0.2:80"]); // prettier-ignore
  });

  void it("asks as often as the server says", async (test) => {
    const { server, registry } = await setUp(test, { apiVersion: "v1", pollInterval: undefined });
    registry.watch(instance, () => {});
    const polls = () => server.requests.filter((each) => each.endsWith("/list")).length;
    await eventually("polls", () => polls() >= 3, 8000);
  });

  for (const versions of [["v1"], ["v3"], ["v1", "v3"]]) {
    void it(`finds the API of a server with ${versions.join(" and ")}, sends beats and registers again`, async (test) => {
      const { server, registry } = await setUp(test, {}, (fake) => (fake.versions = versions));
      const remove = await registry.register(instance);
      const [key = ""] = server.instances.keys();
      await eventually("beats", () => (server.instances.get(key)?.beats ?? 0) > 1);
      server.instances.clear();
      await eventually("another registration", () => server.instances.has(key));
      const used = server.requests.filter((each) => each.includes(`/${versions.at(-1)}/`));
      assert.ok(used.length > 2);
      await remove();
      assert.equal(server.instances.size, 0);
    });
  }

  void it("follows a server that is upgraded past the end of v1", async (test) => {
    const { server, registry } = await setUp(test, {}, (fake) => (fake.versions = ["v1"]));
    server.versions = ["v3"];
    await registry.register(instance);
    assert.equal(server.instances.size, 1);
  });

  void it("signs in, and again when the token is refused", async (test) => {
    const user = { name: "nacos", password: "secret" };
    const { server, registry } = await setUp(
      test,
      { username: user.name, password: user.password },
      (fake) => (fake.user = user),
    );
    server.forgetTokens();
    await registry.register(instance);
    assert.equal(server.instances.size, 1);
    assert.equal(server.requests.filter((each) => each.endsWith("login")).length, 2);
    await assert.rejects(
      setUp(test, { username: "nacos", password: "wrong" }, (fake) => (fake.user = user)),
      /user or password are wrong/,
    );
  });

  void it("uses another server when one is down", async (test) => {
    const dead = await FakeNacos.start();
    await dead.kill();
    const alive = await FakeNacos.start();
    test.after(() => alive.kill());
    const { registry } = await setUp(test, { address: `${dead.address},http://${alive.address}` });
    await registry.register(instance);
    assert.equal(alive.instances.size, 1);
  });

  void it("uses the other server for all calls that meet a dead one at once", async (test) => {
    const first = await FakeNacos.start();
    const second = await FakeNacos.start();
    test.after(() => second.kill());
    const address = `${first.address},${second.address}`;
    const { registry } = await setUp(test, { address, apiVersion: "v3" });
    await first.kill();
    const ports = [80, 81, 82, 83, 84, 85];
    await Promise.all(
      ports.map((port) => registry.register({ ...instance, address: `10.0.0.1:${port}` })),
    );
    assert.equal(second.instances.size, ports.length);
  });

  for (const apiVersion of ["v1", "v3"]) {
    void it(`takes an answer without a list for trouble, not for no hosts (${apiVersion})`, async (test) => {
      const { server, registry, logged } = await setUp(test, { apiVersion });
      await registry.register(instance);
      const reports: (readonly HostConfig[])[] = [];
      registry.watch({ service: "shop", parameters: {} }, (hosts) => reports.push(hosts));
      await eventually("hosts", () => reports.length === 1);
      server.garbled = apiVersion === "v1" ? "<html>please sign in</html>" : { code: 0 };
      await eventually("outage", () =>
        logged().some((line) => line.startsWith("warn: Nacos cannot")),
      );
      server.garbled = undefined;
      await eventually("end", () => logged().some((line) => line.startsWith("info: Nacos can")));
      assert.equal(reports.length, 1);
    });
  }

  void it("does not open while there is no server, nor what is no Nacos", async (test) => {
    const server = await FakeNacos.start();
    await server.kill();
    await assert.rejects(setUp(test, { address: server.address }), { reason: "BACKEND_UNAVAILABLE" }); // prettier-ignore
    await assert.rejects(setUp(test, {}, (fake) => (fake.versions = [])));
  });
});
