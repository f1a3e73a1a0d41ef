import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { answering, ok, rawServer } from "@layotto/http1/testing";
import { startExtension, type FakeFunction } from "../../extension/testing/fake-extension.ts";
import { forwardTo, routeOf } from "../../testing/routing.ts";
import { startProxy } from "../testing/proxy.ts";
import {
  filtered,
  filterOf,
  get,
  onRequest,
  onResponse,
  pass,
  REQUEST,
} from "./testing/filtered.ts";

describe("filters without bodies", () => {
  test("see the headers of both directions and what else is known, and change nothing by themselves", async (t) => {
    const { extension, upstream, client } = await filtered(t, [filterOf("f")], { f: pass });
    client.send("POST /a?b HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nConnection: x-hop\r\nX-Hop: 2\r\nContent-Length: 2\r\n\r\nhi"); // prettier-ignore
    const host = await upstream.next();
    assert.equal(
      await host.until("hi"),
      "POST /a?b HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nContent-Length: 2\r\nx-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\n\r\nhi",
    );
    host.send(ok);
    assert.equal(await client.until("ok"), ok);
    const [first, second] = extension.requests;
    assert.deepEqual(first?.headers, [":method", "POST", ":path", "/a?b", ":authority", "a", "x-one", "1", "content-length", "2"]); // prettier-ignore
    assert.deepEqual([first.body, first.bodyFollows], [undefined, true]);
    assert.deepEqual(first.properties, ["layotto.listener", "in", "layotto.hook", "filter", "layotto.protocol", "http1", "source.address", "127.0.0.1"]); // prettier-ignore
    assert.deepEqual(second?.headers, [":status", "200", "content-length", "2"]);
    assert.deepEqual([second.function, second.body, second.bodyFollows], ["", undefined, true]);
    await eventually("the stream ends by itself", () => extension.streams.open === 0);
    assert.equal(extension.streams.cancelled, 0);
  });

  test("change headers, path and host of the request before it is routed, and headers and status of the answer", async (t) => {
    const change: FakeFunction = ({ phase }) => ({
      headersChanged: true,
      headers:
        phase === REQUEST
          ? [":method", "DELETE", ":path", "/new", ":authority", "b", "x-new", "2", "content-length", "9"]
          : [":status", "201", "x-seen", "3", "transfer-encoding", "gzip"],
    }); // prettier-ignore
    const routes = [routeOf("new", { path: "/new" }, { action: forwardTo("all") })];
    const { upstream, client } = await filtered(t, [filterOf("f")], { f: change }, { routes });
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nX: 1\r\nContent-Length: 2\r\n\r\nhi");
    const host = await upstream.next();
    assert.equal(
      await host.until("hi"),
      "POST /new HTTP/1.1\r\nhost: b\r\nx-new: 2\r\ncontent-length: 2\r\nx-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\n\r\nhi",
    );
    host.send(ok);
    assert.equal(await client.until("ok"), "HTTP/1.1 201 Created\r\nx-seen: 3\r\ncontent-length: 2\r\n\r\nok"); // prettier-ignore
  });

  test("let bodies of both directions stream", async (t) => {
    const { upstream, client } = await filtered(t, [filterOf("f")], { f: pass });
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    const host = await upstream.next();
    await host.until("3\r\none\r\n");
    client.send("3\r\ntwo\r\n0\r\n\r\n");
    await host.until("two\r\n0\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await client.until("3\r\none\r\n");
    host.send("3\r\ntwo\r\n0\r\nX-T: 1\r\n\r\n");
    await client.until("two\r\n0\r\nX-T: 1\r\n\r\n");
  });

  test("hold a large upload and a large answer back while a function thinks, and lose nothing", async (t) => {
    const { upstream, client } = await filtered(t, [filterOf("f")], { f: pass });
    const total = 3_000_000;
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n${"x".repeat(total)}`);
    const host = await upstream.next();
    const head = await host.until("\r\n\r\n");
    await eventually("all of it", () => host.text.length === total);
    assert.match(head, /Content-Length: 3000000/u);
    host.send(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n${"y".repeat(total)}`);
    await client.until("\r\n\r\n");
    await eventually("all of it", () => client.text === "y".repeat(total));
  }); // prettier-ignore

  test("run in order for requests, and in reverse for answers; each sees what the one before has changed", async (t) => {
    const add = (name: string): FakeFunction => ({ headers }) => ({ headersChanged: true, headers: [...headers, "x-by", name] }); // prettier-ignore
    const { extension, upstream, client } = await filtered(t, [filterOf("a"), filterOf("b")], { a: add("a"), b: add("b") }); // prettier-ignore
    client.send(get);
    const host = await upstream.next();
    assert.match(await host.until("\r\n\r\n"), /x: 1\r\nx-by: a\r\nx-by: b\r\nx-forwarded/u);
    host.send(ok);
    assert.match(await client.until("ok"), /x-by: b\r\nx-by: a\r\n/u);
    assert.deepEqual(extension.log, ["a request", "b request", "b response", "a response"]);
  });

  test("serve one call after the other on a connection, sent ahead or not", async (t) => {
    const extension = await startExtension(t, { f: pass });
    const upstream = await rawServer(t, answering());
    const { tools } = extension;
    const proxy = await startProxy(t, [upstream.address], { tools, listener: { filters: [filterOf("f")] } }); // prettier-ignore
    const client = await proxy.client();
    client.send(get.repeat(5));
    for (let i = 0; i < 5; i++) assert.equal(await client.until("ok"), ok);
    client.send(get);
    await client.until("ok");
    assert.equal(extension.log.length, 12);
  });

  test("leave tunnels alone once they have begun", async (t) => {
    const { upstream, client } = await filtered(t, [filterOf("f")], { f: pass });
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello");
    await client.until("hello");
    client.send("you");
    await host.until("you");
  });

  test("keep an upgrade through a change of headers", async (t) => {
    const change = onRequest(({ headers }) => ({ headersChanged: true, headers: [...headers, "y", "2"] })); // prettier-ignore
    const { upstream, client } = await filtered(t, [filterOf("f")], { f: change });
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    const head = await (await upstream.next()).until("\r\n\r\n");
    assert.match(head, /y: 2\r\n[^]*connection: upgrade\r\nupgrade: x\r\n/u);
  });
});

describe("filters that answer themselves", () => {
  const answer = { status: 403, headers: ["x-why", "no", "content-length", "99", "date", "x"], body: Buffer.from("go away"), grpcStatus: -1, details: "d" }; // prettier-ignore

  test("a request: no host and no further function sees it", async (t) => {
    const { extension, upstream, client } = await filtered(t, [filterOf("a"), filterOf("b")], { a: () => ({ answer }), b: pass }); // prettier-ignore
    client.send(get);
    assert.match(await client.until("go away"), /^HTTP\/1\.1 403 Forbidden\r\ndate: [^\r]+GMT\r\nx-why: no\r\ncontent-length: 7\r\n\r\ngo away$/u); // prettier-ignore
    client.send(get);
    await client.until("go away");
    assert.deepEqual([upstream.peers.length, extension.log], [0, ["a request", "a request"]]);
    await eventually("no stream stays", () => extension.streams.open === 0);
  });

  test("a request whose body has not come: the connection ends", async (t) => {
    const { client } = await filtered(t, [filterOf("f")], { f: () => ({ answer }) });
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123");
    assert.match(await client.rest(), /^HTTP\/1\.1 403 [^]*connection: close/u);
  });

  test("an answer: the host's is dropped, its connection too if it was not whole", async (t) => {
    for (const [body, rest] of [[true, "ok"], [false, "o"]] as const) {
      const { upstream, client } = await filtered(t, [filterOf("f", { body })], { f: onResponse(() => ({ answer })) }); // prettier-ignore
      client.send(get);
      const host = await upstream.next();
      await host.until("\r\n\r\n");
      host.send(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${rest}`);
      assert.match(await client.until("go away"), /^HTTP\/1\.1 403 /u);
      if (!body) await host.rest();
    }
  }); // prettier-ignore

  test("with what HTTP does not allow have failed", async (t) => {
    const bad: readonly [object, RegExp][] = [
      [{ ...answer, status: 0 }, /status 0/u],
      [{ ...answer, headers: ["x", "a\r\nb: c"] }, /header "x"/u],
      [{ ...answer, headers: ["", "a"] }, /header name ""/u],
    ];
    for (const [given, text] of bad) {
      const { client } = await filtered(t, [filterOf("f")], { f: () => ({ answer: given }) });
      client.send(get);
      const head = await client.until("\r\n\r\n");
      assert.match(head, /^HTTP\/1\.1 503 [^]*x-mesh-failure: FF/u);
      await eventually("the text", () => text.test(client.text));
    }
  });
});

describe("filters that fail", () => {
  const wrong: readonly (readonly [string, FakeFunction | undefined, RegExp])[] = [
    ["is not there", undefined, /function "f" of listener "in" failed: /u],
    ["thinks too long", () => undefined, /no answer within 50 ms/u],
    ["gives a header with a line break", () => ({ headersChanged: true, headers: ["x", "a\nb"] }), /unfit/u],
    ["gives a path without a slash", () => ({ headersChanged: true, headers: [":path", "x y"] }), /unfit/u],
    ["gives no host", () => ({ headersChanged: true, headers: [":authority", ""] }), /unfit/u],
  ]; // prettier-ignore
  for (const [name, run, text] of wrong) {
    // The others answer, however late on a busy machine.
    const timeoutMs = name === "thinks too long" ? 50 : 10_000;
    test(`closed: 503 when a function ${name}; open: the call goes on as it came`, async (t) => {
      const functions: Record<string, FakeFunction> = run === undefined ? {} : { f: onRequest(run) };
      const { upstream, client } = await filtered(t, [filterOf("f", { timeoutMs })], functions);
      client.send(get);
      const refused = await client.until("\r\n\r\n");
      assert.match(refused, /^HTTP\/1\.1 503 [^]*x-mesh-failure: FF/u);
      await eventually("the text", () => text.test(client.text));
      assert.equal(upstream.peers.length, 0);
      const open = await filtered(t, [filterOf("f", { timeoutMs, onFailure: "open" })], functions); // prettier-ignore
      open.client.send(get);
      const host = await open.upstream.next();
      assert.match(await host.until("\r\n\r\n"), /^GET \/a\?b HTTP\/1\.1\r\nHost: a\r\nX: 1\r\nx-forwarded/u);
      host.send(ok);
      assert.equal(await open.client.until("ok"), ok);
    }); // prettier-ignore
  }

  test("between the phases: closed: 503 instead of the answer; open: the answer as it is", async (t) => {
    for (const onFailure of ["closed", "open"] as const) {
      const { extension, upstream, client } = await filtered(t, [filterOf("f", { onFailure })], { f: pass }); // prettier-ignore
      client.send(get);
      const host = await upstream.next();
      await host.until("\r\n\r\n");
      await extension.server.close();
      host.send(ok);
      if (onFailure === "open") assert.equal(await client.until("ok"), ok);
      else assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 503 [^]*x-mesh-failure: FF/u);
    }
  });

  test("in the answer phase, with bad headers or a status that is none", async (t) => {
    for (const headers of [
      ["x", "a\nb"],
      [":status", "101"],
      [":status", "x"],
    ]) {
      const { upstream, client } = await filtered(t, [filterOf("f")], { f: onResponse(() => ({ headersChanged: true, headers })) }); // prettier-ignore
      client.send(get);
      const host = await upstream.next();
      await host.until("\r\n\r\n");
      host.send(ok);
      assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 503 [^]*x-mesh-failure: FF/u);
    }
  });

  test("when the gateway cannot be reached: open goes on at once", async (t) => {
    const filters = [filterOf("f", { onFailure: "open" })];
    const { extension, upstream, client } = await filtered(t, filters, { f: pass });
    await extension.server.close();
    client.send(get);
    await (await upstream.next()).until("\r\n\r\n");
  });
});

describe("filters and ends", () => {
  test("a caller that goes away while a function thinks: the function hears it, no host is called", async (t) => {
    const { extension, upstream, client, proxy } = await filtered(t, [filterOf("f")], { f: () => undefined }); // prettier-ignore
    client.send(get);
    await eventually("it is asked", () => extension.log.length === 1);
    client.socket.destroy();
    await eventually("closed", () => proxy.server.connections === 0);
    const { counters } = proxy.mesh.stateOf(proxy.mesh.clusters.get("all") as never);
    assert.deepEqual([upstream.peers.length, counters.active], [0, 0]);
  });

  test("a host that breaks off while its answer is gathered is 502", async (t) => {
    const { upstream, client } = await filtered(t, [filterOf("f", { body: true })], { f: pass });
    client.send(get);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    host.socket.destroy();
    assert.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 502 [^]*x-mesh-failure: UR/u);
  });

  test("no call, no attempt and no stream is left after all that", async (t) => {
    const functions = { f: pass, slow: () => undefined };
    const filters = [filterOf("f", { body: true }), filterOf("slow", { timeoutMs: 5, onFailure: "open" })]; // prettier-ignore
    const extension = await startExtension(t, functions);
    const upstream = await rawServer(t, answering());
    const proxy = await startProxy(t, [upstream.address], { tools: extension.tools, listener: { filters } }); // prettier-ignore
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const client = await proxy.client();
        client.send(i % 2 === 0 ? get : "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
        if (i % 2 === 0) await client.until("ok");
        client.socket.destroy();
      }),
    );
    await eventually("all are gone", () => proxy.server.connections === 0);
    const cluster = proxy.mesh.clusters.get("all");
    assert.ok(cluster !== undefined);
    assert.equal(proxy.mesh.stateOf(cluster).counters.active, 0);
    assert.deepEqual(cluster.hosts.map((host) => host.active), [0]); // prettier-ignore
  });
});
