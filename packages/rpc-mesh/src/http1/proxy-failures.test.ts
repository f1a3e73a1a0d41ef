import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { answering, ok, rawServer } from "@layotto/http1/testing";
import { clusterOf } from "../call/testing/scripted-call.ts";
import { fakeMeshClock } from "../testing/mesh-clock.ts";
import { routeOf } from "../testing/routing.ts";
import { startProxy } from "./testing/proxy.ts";

const get = "GET /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n";
const forwarded = "x-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\n";
const retry = { on: ["connect-failure", "refused-stream", "gateway-error", "reset"], statusCodes: [], retries: 1, backoffMs: 0, maxBackoffMs: 0, nonIdempotent: false, avoidTriedHosts: true } as const; // prettier-ignore

describe("ProxyCall answers by itself", () => {
  test("failures as text, as JSON to those who accept it, with their reason", async (t) => {
    const proxy = await startProxy(t, []);
    const client = await proxy.client();
    client.send(get);
    const text = await client.until("hosts\n");
    assert.match(text, /^HTTP\/1\.1 503 Service Unavailable\r\ndate: .* GMT\r\nx-mesh-failure: UH\r\ncontent-type: text\/plain/u);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n");
    assert.match(await client.until("}"), /application\/json.*\{"reason":"UH","message":"cluster/su);
  }); // prettier-ignore

  test("redirects, direct answers and routes that are not there", async (t) => {
    const routes = [
      routeOf("r", { prefix: "/r/" }, { action: { type: "redirect", status: 302, host: "b.example", prefixRewrite: "/s/" } }),
      routeOf("d", { prefix: "/d" }, { action: { type: "direct", status: 418, body: "tea" } }),
      routeOf("e", { prefix: "/e" }, { action: { type: "direct", status: 204, body: "" } }),
    ];
    const proxy = await startProxy(t, [], { routes });
    const client = await proxy.client();
    client.send("GET /r/x?y HTTP/1.1\r\nHost: a\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\nHEAD /d HTTP/1.1\r\nHost: a\r\n\r\nGET /e HTTP/1.1\r\nHost: a\r\n\r\nGET /n HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 302 Found\r\ndate: .* GMT\r\nlocation: http:\/\/b\.example\/s\/x\?y\r\n/u);
    assert.match(await client.until("tea"), /^HTTP\/1\.1 418 .*content-length: 3\r\n\r\ntea$/su);
    assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 418 .*content-length: 3\r\n\r\n$/su);
    assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 204 No Content\r\ndate: .* GMT\r\n\r\n$/u);
    assert.match(await client.rest(), /^HTTP\/1\.1 404 .*x-mesh-failure: NR\r\n.*connection: close/su);
  }); // prettier-ignore

  test("413 over the limit, announced or not; the connection ends", async (t) => {
    const upstream = await rawServer(t);
    const limits = { maxBodyBytes: 10, maxConnections: 0, idleTimeoutMs: 90_000 };
    const proxy = await startProxy(t, [upstream.address], { listener: { limits } });
    const announced = await proxy.client();
    announced.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
    assert.match(
      await announced.rest(),
      /^HTTP\/1\.1 413 .*x-mesh-failure: PL.*connection: close/su,
    );
    const streamed = await proxy.client();
    streamed.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n",
    );
    const host = await upstream.next();
    await host.until("abcdef");
    streamed.send("5\r\nghijk\r\n");
    assert.match(await streamed.rest(), /^HTTP\/1\.1 413 /u);
    await host.rest();
    const route = await startProxy(t, [upstream.address], {
      route: { limits: { maxBodyBytes: 3 } },
    });
    const client = await route.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd");
    assert.match(await client.until("octets\n"), /^HTTP\/1\.1 413 /u);
  });

  test("a malformed request gets its status, a closed connection, and nothing reaches a host", async (t) => {
    const upstream = await rawServer(t, answering());
    const proxy = await startProxy(t, [upstream.address]);
    for (const [request, status] of [
      ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", 400],
      ["CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`, 431],
    ] as const) {
      const client = await proxy.client();
      client.send(request);
      assert.match(await client.rest(), new RegExp(`^HTTP/1\\.1 ${status} [^]*connection: close`, "u"));
    }
    assert.equal(upstream.peers.length, 0);
    assert.equal(proxy.server.scope.malformed, 3);
  }); // prettier-ignore

  test("a malformed chunk behind a good one ends both connections", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    const host = await upstream.next();
    await host.until("1\r\na\r\n");
    client.send("z\r\n");
    assert.match(await client.rest(), /^HTTP\/1\.1 400 /u);
    assert.equal(await host.rest(), "");
  });
});

describe("ProxyCall and hosts that fail", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "", /502 .*UR/su],
    ["half a head", "HTTP/1.1 200 O", /502 .*UR/su],
    ["no HTTP", "SSH-2.0-x\r\n", /502 .*UP/su],
    ["a head with both lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", /502 .*UP/su],
  ]; // prettier-ignore
  for (const [name, answer, expected] of cases) {
    test(`a host that answers ${name} and closes`, async (t) => {
      const upstream = await rawServer(t, (peer) => {
        void peer.until("\r\n\r\n").then(() => peer.socket.end(answer), () => {});
      }); // prettier-ignore
      const proxy = await startProxy(t, [upstream.address]);
      const client = await proxy.client();
      client.send(get);
      assert.match(await client.until("\r\n\r\n"), expected);
      client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await client.rest();
    });
  }

  test("an answer that breaks off breaks off for the caller too", async (t) => {
    const heads = [
      "Content-Length: 10\r\n\r\nabc",
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ];
    for (const head of heads) {
      const upstream = await rawServer(t);
      const proxy = await startProxy(t, [upstream.address]);
      const client = await proxy.client();
      client.send(get);
      const host = await upstream.next();
      host.send(`HTTP/1.1 200 OK\r\n${head}`);
      await client.until("abc");
      host.socket.destroy();
      assert.doesNotMatch(await client.rest(), /0\r\n\r\n/u);
    }
  });

  test("an answer to HTTP/1.0 that breaks off is a reset: closing would be its proper end", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    const errors: unknown[] = [];
    client.socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
    client.send("GET / HTTP/1.0\r\n\r\n");
    const host = await upstream.next();
    host.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    await client.until("abc");
    host.socket.destroy();
    await client.rest();
    assert.deepEqual(errors, ["ECONNRESET"]);
  });

  test("idempotent requests are sent again with their body, others are not", async (t) => {
    const bad = await rawServer(t, (peer) => {
      void peer.until("abc").then(() => peer.socket.destroy(), () => {});
    }); // prettier-ignore
    const good = await rawServer(t);
    const cluster = {
      balancer: { ...clusterOf("x", []).balancer, policy: "request_round_robin" },
    } as const;
    const proxy = await startProxy(t, [bad.address, good.address], { action: { retry }, cluster });
    const client = await proxy.client();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    const host = await good.next();
    assert.match(await host.until("abc"), /^PUT /u);
    host.send(ok);
    await client.until("ok");
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert.match(await client.until("an answer\n"), /502 .*UR/su);
    assert.equal(host.text, "");
  });

  test("a 503 is retried elsewhere, its short answer read, its connection used again", async (t) => {
    const bad = await rawServer(t, answering("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"));
    const good = await rawServer(t, answering());
    const cluster = {
      balancer: { ...clusterOf("x", []).balancer, policy: "request_round_robin" },
    } as const;
    const proxy = await startProxy(t, [bad.address, good.address], { action: { retry }, cluster });
    const client = await proxy.client();
    for (let i = 0; i < 2; i++) {
      client.send(get);
      assert.equal(await client.until("ok"), ok);
    }
    assert.equal(bad.peers.length, 1);
  });

  test("the total time is over: 504, and the host's connection is given up", async (t) => {
    const upstream = await rawServer(t);
    const clock = fakeMeshClock();
    const proxy = await startProxy(t, [upstream.address], { action: { timeoutMs: 100 }, clock });
    const client = await proxy.client();
    client.send(get);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    await clock.advance(101);
    assert.match(await client.until("\r\n\r\n"), /504 .*x-mesh-failure: DT/su);
    await host.rest();
  });

  test("the caller goes away: the host's connection is given up", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send(get);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    client.socket.destroy();
    await host.rest();
    await eventually("no connection is left", () => proxy.server.connections === 0);
  });

  test("an answer before the request is through: it is delivered, both connections end", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    const host = await upstream.next();
    await host.until("abc");
    host.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    assert.equal(await client.rest(), "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nconnection: close\r\n\r\nno"); // prettier-ignore
    await host.rest();
  });
});

describe("ProxyCall and mirrors", () => {
  test("a copy of the whole request goes to the other cluster, its answer nowhere", async (t) => {
    const main = await rawServer(t, answering());
    const shadow = await rawServer(t);
    const clusters = [clusterOf("all", [main.address]), clusterOf("shadow", [shadow.address])];
    const mirrors = [{ cluster: "shadow", percent: 100, amplification: 1 }];
    const proxy = await startProxy(t, [], { clusters, action: { mirrors } });
    const client = await proxy.client();
    client.send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nabc");
    client.send("\r\n\r\n");
    const copy = await shadow.next();
    assert.equal(await copy.until("abc\r\n\r\n"), `PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n${forwarded}\r\nabc\r\n\r\n`); // prettier-ignore
    copy.send("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    assert.equal(await client.until("ok"), ok);
  });
});
