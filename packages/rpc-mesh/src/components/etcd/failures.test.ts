import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { eventually, makeAuthority, tempDir } from "@layotto/sidecar-kit/testing";
import { Etcd3 } from "etcd3";
import type { Instance, Registry } from "../../component.ts";
import type { HostConfig } from "../../model/host.ts";
import { loggedContext } from "../testing/logged-context.ts";
import { etcd } from "./etcd.ts";
import { etcdMetadata } from "./metadata.ts";
import { etcdServer, withoutEtcd, type EtcdServer } from "./testing/server.ts";

const instance: Instance = {
  service: "com.example/Shop",
  address: "10.0.0.1:80",
  weight: 100,
  metadata: { zone: "z1" },
  parameters: {},
};
const KEY = "/layotto/services/com.example%2FShop/10.0.0.1:80";

async function serverFor(test: TestContext, ...args: string[]): Promise<EtcdServer> {
  const server = await etcdServer(...args);
  test.after(() => server.end());
  return server;
}

async function open(test: TestContext, server: EtcdServer, metadata: object = {}) {
  const { context, logged } = loggedContext();
  const parsed = etcdMetadata.parse({
    endpoints: server.address,
    leaseSeconds: 2,
    callTimeout: "20s",
    ...metadata,
  });
  const registry = await etcd.open(parsed, context);
  test.after(() => registry.close());
  return { registry, logged };
}

function raw(test: TestContext, server: EtcdServer): Etcd3 {
  const client = new Etcd3({ hosts: server.address });
  test.after(() => client.close());
  return client;
}

function follow(registry: Registry) {
  const reports: (readonly HostConfig[])[] = [];
  registry.watch(instance, (hosts) => reports.push(hosts));
  const addresses = () =>
    reports
      .at(-1)
      ?.map(({ address }) => address)
      .sort()
      .join();
  const becomes = (wanted: string) => eventually(wanted, () => addresses() === wanted, 20_000);
  return { reports, becomes };
}

void describe("etcd registry, when things go wrong", { skip: withoutEtcd }, () => {
  void it("keeps an instance as the key and value that are documented", async (test) => {
    const server = await serverFor(test);
    const { registry } = await open(test, server);
    await registry.register({ ...instance, parameters: { version: "2" } });
    assert.deepEqual(await raw(test, server).get(KEY).json(), {
      address: "10.0.0.1:80",
      weight: 100,
      metadata: { version: "2", zone: "z1" },
      healthy: true,
      zone: "z1",
    });
  });

  void it("takes what others write, and leaves out what is no instance", async (test) => {
    const server = await serverFor(test);
    const client = raw(test, server);
    const folder = KEY.slice(0, KEY.lastIndexOf("/") + 1);
    await client.put(`${folder}a`).value('{"address":"10.0.0.9:1","healthy":false,"color":1}');
    await client.put(`${folder}b`).value("{");
    const { registry, logged } = await open(test, server);
    const { reports, becomes } = follow(registry);
    await becomes("10.0.0.9:1");
    assert.deepEqual(reports, [[{ address: "10.0.0.9:1", healthy: false }]]);
    assert.deepEqual(logged(), ["warn: this is no instance of a service, left out"]);
    await client.put(`${folder}a`).value("10.0.0.9:1");
    await becomes("");
  });

  void it("registers again when the lease is revoked", async (test) => {
    const server = await serverFor(test);
    const client = raw(test, server);
    const { registry } = await open(test, server);
    const { reports, becomes } = follow(registry);
    await registry.register(instance);
    await becomes("10.0.0.1:80");
    const { kvs } = await client.get(KEY).exec();
    await client.leaseClient.leaseRevoke({ ID: kvs[0]?.lease ?? "" });
    await eventually("the loss", () => reports.at(-1)?.length === 0);
    await becomes("10.0.0.1:80");
  });

  void it("registers and watches again when etcd has lost all its data", async (test) => {
    const server = await serverFor(test);
    const { registry, logged } = await open(test, server);
    const { becomes } = follow(registry);
    await registry.register(instance);
    for (let round = 0; round < 20; round += 1) await raw(test, server).put("noise").value("1");
    await becomes("10.0.0.1:80");
    await server.kill();
    server.wipe();
    await server.restart();
    await eventually("the loss", () => logged().length === 1);
    await becomes("10.0.0.1:80");
    const other = await open(test, server);
    await other.registry.register({ ...instance, address: "10.0.0.2:80" });
    await becomes("10.0.0.1:80,10.0.0.2:80");
    assert.deepEqual(logged(), [
      "warn: etcd cannot be used, keeping what is known",
      "info: etcd can be used again",
    ]);
  });

  void it("does not open, and does not register, while there is no server", async (test) => {
    const server = await serverFor(test);
    const { registry } = await open(test, server);
    await server.kill();
    await assert.rejects(registry.register(instance));
    await assert.rejects(open(test, server));
  });

  void it("signs in as a user, also after a restart, which forgets tokens", async (test) => {
    const server = await serverFor(test);
    const admin = raw(test, server);
    await admin.user("root").create("secret");
    await admin.role("root").create();
    await admin.user("root").addRole("root");
    await admin.auth.authEnable();
    await assert.rejects(open(test, server));
    const { registry } = await open(test, server, { username: "root", password: "secret" });
    const { becomes } = follow(registry);
    const remove = await registry.register(instance);
    await becomes("10.0.0.1:80");
    await server.kill();
    await server.restart();
    await registry.register({ ...instance, address: "10.0.0.2:80" });
    await becomes("10.0.0.1:80,10.0.0.2:80");
    await remove();
    await becomes("10.0.0.2:80");
  });

  void it("speaks TLS, with a client certificate", async (test) => {
    const authority = makeAuthority(tempDir(test));
    const [one, two] = [authority.issue("server"), authority.issue("client")];
    const server = await serverFor(
      test,
      ...["--cert-file", one.cert, "--key-file", one.key],
      ...["--client-cert-auth", "--trusted-ca-file", authority.cert],
    );
    const tls = { tlsCa: authority.cert, tlsCert: two.cert, tlsCertKey: two.key };
    const { registry } = await open(test, server, tls);
    const { becomes } = follow(registry);
    await registry.register(instance);
    await becomes("10.0.0.1:80");
    await assert.rejects(open(test, server, { tlsCa: authority.cert, callTimeout: "500ms" }));
  });
});
