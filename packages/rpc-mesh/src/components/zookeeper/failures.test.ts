import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { eventually, TcpProxy } from "@layotto/sidecar-kit/testing";
import * as library from "node-zookeeper-client";
import type { Instance, Registry } from "../../component.ts";
import type { HostConfig } from "../../model/host.ts";
import { loggedContext } from "../testing/logged-context.ts";
import { formatNode, parseNode } from "./dubbo-url.ts";
import { zookeeperMetadata } from "./metadata.ts";
import { withoutZookeeper, zookeeperServer, type ZookeeperServer } from "./testing/server.ts";
import { zookeeper } from "./zookeeper.ts";

const instance: Instance = {
  service: "com.foo.Bar",
  address: "10.0.0.1:20880",
  weight: 100,
  metadata: {},
  parameters: { version: "1.0" },
};
const PROVIDERS = "/dubbo/com.foo.Bar/providers";

async function serverFor(test: TestContext): Promise<ZookeeperServer> {
  const server = await zookeeperServer();
  test.after(() => server.end());
  return server;
}

async function open(test: TestContext, address: string, metadata: object = {}) {
  const { context, logged } = loggedContext();
  // Time enough for a busy machine.
  const keys = { zookeeperHosts: address, sessionTimeout: "1s", callTimeout: "20s", ...metadata };
  const registry = await zookeeper.open(zookeeperMetadata.parse(keys), context);
  test.after(() => registry.close());
  return { registry, logged };
}

/** A client without anything of ours. */
async function raw(test: TestContext, server: ZookeeperServer) {
  const client = library.createClient(server.address, { sessionTimeout: 4000, spinDelay: 100 });
  test.after(() => client.close());
  await new Promise<void>((resolve) => {
    client.once("connected", () => resolve());
    client.connect();
  });
  const children = (path: string) =>
    new Promise<string[]>((resolve, reject) => {
      client.getChildren(path, (error, names) =>
        error === null || error === undefined ? resolve(names) : reject(error),
      );
    });
  const create = (path: string, mode = library.CreateMode.PERSISTENT) =>
    new Promise<void>((resolve, reject) => {
      client.create(path, library.ACL.OPEN_ACL_UNSAFE, mode, (error) =>
        error === null || error === undefined ? resolve() : reject(error),
      );
    });
  const remove = (path: string) => new Promise<unknown>((resolve) => client.remove(path, resolve));
  return { children, create, remove };
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

const outage = ["warn: ZooKeeper cannot be used, keeping what is known", "info: ZooKeeper can be used again"]; // prettier-ignore

void describe("zookeeper registry, when things go wrong", { skip: withoutZookeeper }, () => {
  void it("writes a provider as Dubbo does, and a consumer if asked to", async (test) => {
    const server = await serverFor(test);
    const { registry } = await open(test, server.address, { registerConsumers: "true" });
    await registry.register(instance);
    const { children } = await raw(test, server);
    const [name = ""] = await children(PROVIDERS);
    const url = parseNode(name);
    assert.deepEqual(
      [url?.protocol, url?.address, url?.path, url?.parameters["version"]],
      ["dubbo", instance.address, "com.foo.Bar", "1.0"],
    );
    const stop = registry.watch(instance, () => {});
    const consumers = () => children("/dubbo/com.foo.Bar/consumers").catch(() => []);
    await eventually("a consumer", async () => (await consumers()).length === 1);
    stop();
    await eventually("no consumer", async () => (await consumers()).length === 0);
  });

  void it("registers and watches again in a new session when the old one has expired", async (test) => {
    const server = await serverFor(test);
    const proxy = await TcpProxy.start(server.port);
    test.after(() => proxy.close());
    const { registry, logged } = await open(test, proxy.address);
    const outside = await open(test, server.address);
    const { becomes } = follow(registry);
    const seen = follow(outside.registry);
    await registry.register(instance);
    await becomes(instance.address);
    await seen.becomes(instance.address);
    proxy.stall();
    await seen.becomes("");
    proxy.cut();
    proxy.resume();
    await seen.becomes(instance.address);
    await outside.registry.register({ ...instance, address: "10.0.0.2:20880" });
    await becomes("10.0.0.1:20880,10.0.0.2:20880");
    assert.deepEqual(logged(), outage);
  });

  void it("registers and watches again when ZooKeeper has lost all its data", async (test) => {
    const server = await serverFor(test);
    const { registry, logged } = await open(test, server.address);
    const { becomes } = follow(registry);
    await registry.register(instance);
    await becomes(instance.address);
    await server.kill();
    server.wipe();
    await server.restart();
    const { children } = await raw(test, server);
    const providers = () => children(PROVIDERS).catch(() => []);
    await eventually("a provider", async () => (await providers()).length === 1, 20_000);
    await registry.register({ ...instance, address: "10.0.0.2:20880" });
    await becomes("10.0.0.1:20880,10.0.0.2:20880");
    assert.deepEqual(logged(), outage);
  });

  void it("notices a server that is silent", async (test) => {
    const server = await serverFor(test);
    const proxy = await TcpProxy.start(server.port);
    test.after(() => proxy.close());
    const { registry } = await open(test, proxy.address, {
      callTimeout: "1s",
      sessionTimeout: "4s",
    });
    const ping = async (): Promise<void> => registry.ping?.(new AbortController().signal);
    await ping();
    proxy.stall();
    await assert.rejects(ping(), { reason: "BACKEND_TIMEOUT" });
    await assert.rejects(ping(), { reason: "BACKEND_UNAVAILABLE" });
    proxy.resume();
    const works = () => ping().then(() => true, () => false); // prettier-ignore
    await eventually("an answer", works, 20_000);
  });

  void it("replaces the node that a session of before has left", async (test) => {
    const server = await serverFor(test);
    const { registry } = await open(test, server.address);
    const remove = await registry.register(instance);
    const { children, create, remove: removeNode } = await raw(test, server);
    const [name = ""] = await children(PROVIDERS);
    await removeNode(`${PROVIDERS}/${name}`);
    await create(`${PROVIDERS}/${name}`, library.CreateMode.EPHEMERAL);
    await server.kill();
    await server.restart();
    const { becomes } = follow(registry);
    await becomes(instance.address);
    await remove();
    await becomes("");
  });

  void it("follows a service whose nodes are made later, removed and made again", async (test) => {
    const server = await serverFor(test);
    const { registry } = await open(test, server.address);
    const { becomes } = follow(registry);
    await becomes("");
    const { create, remove } = await raw(test, server);
    const name = formatNode({ protocol: "dubbo", address: "h:1", path: "x", parameters: { version: "1.0" } }); // prettier-ignore
    for (const path of ["/dubbo", "/dubbo/com.foo.Bar", PROVIDERS]) await create(path);
    for (let round = 0; round < 2; round += 1) {
      await create(`${PROVIDERS}/${name}`);
      await becomes("h:1");
      await remove(`${PROVIDERS}/${name}`);
      await remove(PROVIDERS);
      await becomes("");
      await create(PROVIDERS);
    }
  });

  void it("signs in, and lets others only read", async (test) => {
    const server = await serverFor(test);
    const user = { username: "me", zookeeperPassword: "secret" };
    const { registry } = await open(test, server.address, user);
    await registry.register(instance);
    const stranger = await open(test, server.address);
    await follow(stranger.registry).becomes(instance.address);
    await assert.rejects(stranger.registry.register({ ...instance, address: "10.0.0.2:1" }));
    const friend = await open(test, server.address, user);
    await friend.registry.register({ ...instance, address: "10.0.0.2:1" });
  });

  void it("does not open while there is no server", async (test) => {
    const server = await serverFor(test);
    await server.kill();
    await assert.rejects(open(test, server.address, { callTimeout: "200ms" }), /no server answers/);
  });
});

void it("quirks: the library still has the parts that are mended", () => {
  const client = library.createClient("127.0.0.1:1", { sessionTimeout: 1000, spinDelay: 100 });
  assert.ok(Reflect.has(Object(Reflect.get(client, "connectionManager")), "pendingBuffer"));
});
