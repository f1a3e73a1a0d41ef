import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { answering, rawServer } from "@layotto/http1/testing";
import { eventually } from "@layotto/sidecar-kit/testing";
import { clusterOf } from "../call/testing/scripted-call.ts";
import { startProxy, type ProxyOptions } from "../http1/testing/proxy.ts";
import { meshClock } from "../clock.ts";
import type { HookConfig } from "../model/listener.ts";
import { forwardTo, routeOf } from "../testing/routing.ts";
import { startExtension, type FakeFunction } from "./testing/fake-extension.ts";

const get = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n";

function hookOf(step: HookConfig["step"], part: Partial<HookConfig> = {}): HookConfig {
  return { step, function: "f", timeoutMs: 5000, onFailure: "closed", ...part };
}

function named(name: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
}

/** A proxy with hooks before three hosts: `one` and `two` in the cluster `all`, `other` in a cluster of its own. */
async function hooked(
  t: TestContext,
  hooks: readonly HookConfig[],
  run: FakeFunction,
  options: ProxyOptions = {},
) {
  const extension = await startExtension(t, { f: run });
  const [one, two, other] = await Promise.all(
    ["one", "two", "other"].map((name) => rawServer(t, answering(named(name)))),
  );
  assert.ok(one !== undefined && two !== undefined && other !== undefined);
  const clusters = [clusterOf("all", [one.address, two.address]), clusterOf("other", [other.address])]; // prettier-ignore
  const { tools } = extension;
  const proxy = await startProxy(t, [], { clusters, tools, listener: { hooks }, ...options });
  const client = await proxy.client();
  const counters = () => proxy.server.scope.functions?.all.map((each) => each.counters) ?? [];
  return { extension, one, two, other, proxy, client, counters };
}

describe("hooks at the step route", () => {
  const route = [hookOf("route")];

  test("see the request and leave it where its route leads", async (t) => {
    const { extension, client, proxy } = await hooked(t, route, () => ({}));
    client.send(get);
    await client.until("HTTP/1.1 200 OK");
    const [request] = extension.requests;
    assert.deepEqual(request?.headers, [":method", "GET", ":path", "/a?b", ":authority", "a", "x", "1"]); // prettier-ignore
    assert.deepEqual(request.properties, ["layotto.listener", "in", "layotto.hook", "route", "layotto.protocol", "http1", "source.address", "127.0.0.1"]); // prettier-ignore
    const cluster = proxy.mesh.clusters.get("all");
    assert.equal(cluster && proxy.mesh.stateOf(cluster).counters.calls, 1);
    await eventually("the stream ends by itself", () => extension.streams.open === 0);
    assert.equal(extension.streams.cancelled, 0);
  });

  test("send the call to another cluster, also when no route matches", async (t) => {
    const run: FakeFunction = () => ({ properties: ["layotto.cluster", "other"] });
    for (const path of ["/", "/else"]) {
      const routes = [routeOf("all", { path }, { action: forwardTo("all") })];
      const { client } = await hooked(t, route, run, { routes });
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.until("other");
    }
  });

  test("a cluster that is not there is a failure that says so", async (t) => {
    const { client } = await hooked(t, route, () => ({ properties: ["layotto.cluster", "nowhere"] }));
    client.send(get);
    const text = 'a function leads to cluster "nowhere", which is not configured\n';
    assert.match(await client.until(text), /^HTTP\/1\.1 503 [^]*x-mesh-failure: NC/u);
  }); // prettier-ignore

  test("change headers and path before the route is found", async (t) => {
    const routes = [routeOf("new", { path: "/new" }, { action: forwardTo("all") })];
    const run: FakeFunction = () => ({ headersChanged: true, headers: [":path", "/new", "x", "2"] });
    const extension = await startExtension(t, { f: run });
    const upstream = await rawServer(t);
    const listener = { hooks: route };
    const proxy = await startProxy(t, [upstream.address], { routes, listener, tools: extension.tools });
    const client = await proxy.client();
    client.send("POST /old HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 3\r\nContent-Length: 2\r\n\r\nhi");
    const host = await upstream.next();
    assert.match(await host.until("hi"), /^POST \/new HTTP\/1\.1\r\nhost: a\r\nx: 2\r\ncontent-length: 2\r\nx-forwarded/u);
  }); // prettier-ignore

  test("several run one after the other, and know what those before have said", async (t) => {
    const extension = await startExtension(t, {
      f: ({ headers }) => ({ properties: ["layotto.cluster", "x"], headersChanged: true, headers: [...headers, "y", "1"] }),
      g: () => ({ properties: ["layotto.cluster", "all"] }),
    }); // prettier-ignore
    const upstream = await rawServer(t, answering());
    const hooks = [hookOf("route"), hookOf("route", { function: "g" })];
    const proxy = await startProxy(t, [upstream.address], { listener: { hooks }, tools: extension.tools }); // prettier-ignore
    const client = await proxy.client();
    client.send(get);
    await client.until("ok");
    const second = extension.requests[1];
    assert.deepEqual(second?.headers.slice(-2), ["y", "1"]);
    assert.deepEqual(second?.properties.slice(-2), ["layotto.cluster", "x"]);
  });

  test("answer themselves", async (t) => {
    const answer = { status: 418, headers: ["x-tea", "pot"], body: Buffer.from("short"), grpcStatus: -1 }; // prettier-ignore
    const { client, one, counters } = await hooked(t, route, () => ({ answer }));
    client.send(get);
    assert.match(await client.until("short"), /^HTTP\/1\.1 418 [^]*x-tea: pot\r\n/u);
    client.send(get);
    await client.until("short");
    assert.deepEqual([one.peers.length, counters()[0]?.answered], [0, 2]);
  });

  test("that fail refuse the call, or let it go on as it came", async (t) => {
    const bad: readonly FakeFunction[] = [
      () => undefined,
      () => ({ headersChanged: true, headers: ["x", "a\nb"] }),
      () => ({ headersChanged: true, headers: [":path", "no slash"] }),
      () => ({ headersChanged: true, headers: [":authority", ""] }),
    ];
    for (const run of bad) {
      const closed = await hooked(t, [hookOf("route", { timeoutMs: 100 })], run);
      closed.client.send(get);
      assert.match(await closed.client.until("\r\n\r\n"), /^HTTP\/1\.1 503 [^]*x-mesh-failure: FF/u);
      const open = await hooked(t, [hookOf("route", { timeoutMs: 100, onFailure: "open" })], run);
      open.client.send(get);
      await open.client.until("HTTP/1.1 200 OK");
      assert.deepEqual([closed.counters()[0]?.failed, open.counters()[0]?.failed], [1, 1]);
    }
  }); // prettier-ignore

  test("that do not answer time and again are left out for a moment, where calls may go on without them", async (t) => {
    for (const onFailure of ["open", "closed"] as const) {
      const broken = (): never => {
        throw new Error("broken");
      };
      // The moment is not to end before the test does.
      const still = { ...meshClock, monotonic: () => 1 };
      const extension = await startExtension(t, { f: broken }, still);
      const upstream = await rawServer(t, answering());
      const hooks = [hookOf("route", { onFailure })];
      const proxy = await startProxy(t, [upstream.address], { listener: { hooks }, tools: extension.tools });
      const client = await proxy.client();
      for (let i = 0; i < 8; i++) {
        client.send(get);
        await client.until("\r\n\r\n");
      }
      const [own] = proxy.server.scope.functions?.all ?? [];
      assert.equal(extension.log.length, onFailure === "open" ? 5 : 8);
      assert.equal(own?.counters.skipped, onFailure === "open" ? 3 : 0);
    }
  }); // prettier-ignore

  test("a caller that goes away is no call any more", async (t) => {
    const { client, proxy, extension, one } = await hooked(t, route, () => undefined);
    client.send(get);
    await eventually("it is asked", () => extension.log.length === 1);
    client.socket.destroy();
    await eventually("closed", () => proxy.server.connections === 0);
    assert.equal(one.peers.length, 0);
  });
});

describe("hooks at the step host", () => {
  test("choose the host that is tried first", async (t) => {
    let wanted = "";
    const run: FakeFunction = () => ({ properties: ["layotto.host", wanted] });
    const { extension, client, one, two } = await hooked(t, [hookOf("host")], run);
    for (const [server, name] of [[two, "two"], [two, "two"], [one, "one"]] as const) {
      wanted = server.address;
      client.send(get);
      await client.until(`\r\n\r\n${name}`);
    }
    const properties = extension.requests[0]?.properties ?? [];
    assert.deepEqual(properties.slice(-6), ["layotto.route", "all", "layotto.cluster", "all", "layotto.hosts", `${one.address}\n${two.address}`]);
  }); // prettier-ignore

  test("a host that is not in the list is ignored and counted", async (t) => {
    const { client, counters } = await hooked(t, [hookOf("host")], () => ({ properties: ["layotto.host", "10.0.0.1:1"] })); // prettier-ignore
    client.send(get);
    await client.until("HTTP/1.1 200 OK");
    assert.equal(counters()[0]?.ignored, 1);
  });

  test("a host that fails is given up for others, as ever", async (t) => {
    const run: FakeFunction = ({ properties }) => ({ properties: ["layotto.host", (properties.at(-1) ?? "").split("\n")[0] ?? ""] }); // prettier-ignore
    const extension = await startExtension(t, { f: run });
    const [gone, two] = [await rawServer(t, ({ socket }) => socket.destroy()), await rawServer(t, answering())]; // prettier-ignore
    const retry = { on: ["reset", "refused-stream"], statusCodes: [], retries: 2, backoffMs: 1, maxBackoffMs: 2, nonIdempotent: false, avoidTriedHosts: true } as const; // prettier-ignore
    const listener = { hooks: [hookOf("host")] };
    const proxy = await startProxy(t, [gone.address, two.address], { listener, tools: extension.tools, action: { retry } }); // prettier-ignore
    const client = await proxy.client();
    client.send(get);
    await client.until("ok");
    assert.deepEqual([gone.peers.length, extension.log.length], [1, 1]);
  });

  test("hosts that are unfit are not offered, nor taken when they become so meanwhile", async (t) => {
    const { extension, client, proxy, one, two } = await hooked(t, [hookOf("host")], () => {
      const [first] = proxy.mesh.clusters.get("all")?.hosts ?? [];
      if (first !== undefined) first.unfit = 1;
      proxy.mesh.clusters.get("all")?.fitChanged(first as never);
      return { properties: ["layotto.host", one.address] };
    });
    for (const offered of [`${one.address}\n${two.address}`, two.address]) {
      client.send(get);
      await client.until("\r\n\r\ntwo");
      assert.equal(extension.requests.at(-1)?.properties.at(-1), offered);
    }
  });

  test("deny", async (t) => {
    const answer = { status: 429, headers: [], body: Buffer.from("later"), grpcStatus: -1 };
    const { client, proxy } = await hooked(t, [hookOf("host")], () => ({ answer }));
    client.send(get);
    assert.match(await client.until("later"), /^HTTP\/1\.1 429 /u);
    const cluster = proxy.mesh.clusters.get("all");
    assert.equal(cluster && proxy.mesh.stateOf(cluster).counters.active, 0);
  });

  test("the timeout of the call counts", async (t) => {
    const { client } = await hooked(t, [hookOf("host")], () => undefined, { action: { timeoutMs: 30 } }); // prettier-ignore
    client.send(get);
    assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 504 [^]*x-mesh-failure: DT/u);
  });
});
