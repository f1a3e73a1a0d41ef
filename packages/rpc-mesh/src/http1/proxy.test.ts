import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { answering, ok, rawServer } from "@layotto/http1/testing";
import { forwardTo, routeOf } from "../testing/routing.ts";
import { startProxy } from "./testing/proxy.ts";

const get = "GET /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n";
const forwarded = "x-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\n";

describe("ProxyCall forwards", () => {
  test("a request as it came, with what the hop adds; the answer likewise", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("GET /a?b HTTP/1.1\r\nHost: a.example\r\nX-MiXed:  kept \r\nCookie: c\r\nCookie: d\r\n\r\n");
    const host = await upstream.next();
    assert.equal(
      await host.until("\r\n\r\n"),
      `GET /a?b HTTP/1.1\r\nHost: a.example\r\nX-MiXed:  kept \r\nCookie: c\r\nCookie: d\r\n${forwarded}\r\n`,
    );
    host.send("HTTP/1.1 200 Fine\r\nServer: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok");
    assert.equal(
      await client.until("\r\n\r\nok"),
      "HTTP/1.1 200 Fine\r\nServer: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
    );
  }); // prettier-ignore

  test("no hop-by-hop field in either direction, nor those that Connection lists", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    const hop = "Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: x\r\nUpgrade: x\r\nX-Secret: 1\r\nConnection: keep-alive, x-secret, host, content-length\r\n";
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nProxy-Authorization: p\r\n${hop}Content-Length: 1\r\nLast: 1\r\n\r\nx`);
    const host = await upstream.next();
    assert.equal(await host.until("\r\n\r\nx"), `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nLast: 1\r\n${forwarded}\r\nx`);
    host.send(`HTTP/1.1 200 OK\r\n${hop}Content-Length: 2\r\n\r\nok`);
    assert.equal(await client.until("\r\n\r\nok"), ok);
  }); // prettier-ignore

  test("X-Forwarded-For is continued, X-Forwarded-Proto kept", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    (await proxy.client()).send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: https\r\n\r\n"); // prettier-ignore
    const head = await (await upstream.next()).until("\r\n\r\n");
    assert.match(head, /\r\nx-forwarded-for: 1\.2\.3\.4, 5\.6\.7\.8, 127\.0\.0\.1\r\nx-forwarded-proto: https\r\n/u);
    assert.equal(head.match(/forwarded-for/giu)?.length, 1);
  }); // prettier-ignore

  test("rewritten path and host, and the header changes of the route", async (t) => {
    const upstream = await rawServer(t);
    const headers = {
      requestAdd: [["x-add", "1"]],
      requestRemove: ["x-gone"],
      responseAdd: [["x-seen", "2"]],
      responseRemove: ["server"],
    } as const;
    const action = forwardTo("all", { prefixRewrite: "/new/", hostRewrite: "b.example" });
    const routes = [routeOf("all", { prefix: "/old/" }, { action, headers })];
    const proxy = await startProxy(t, [upstream.address], { routes });
    const client = await proxy.client();
    client.send("GET /old/x?y HTTP/1.1\r\nHost: a\r\nX-Gone: 1\r\nX-Stays: 1\r\n\r\n");
    const host = await upstream.next();
    assert.equal(await host.until("\r\n\r\n"), `GET /new/x?y HTTP/1.1\r\nhost: b.example\r\nX-Stays: 1\r\n${forwarded}x-add: 1\r\n\r\n`); // prettier-ignore
    host.send("HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n\r\n");
    assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-seen: 2\r\n\r\n"); // prettier-ignore
  });

  test("an absolute target in origin form; chunks with trailers, without their extensions", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("POST http://b.example/p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\nHost: evil\r\nContent-Length: 9\r\n\r\n");
    const host = await upstream.next();
    assert.equal(
      await host.until("1\r\n\r\n"),
      `POST /p HTTP/1.1\r\nhost: b.example\r\n${forwarded}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`,
    );
    host.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-U: 2\r\n\r\n");
    assert.equal(await client.until("2\r\n\r\n"), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-U: 2\r\n\r\n");
  }); // prettier-ignore

  test("pipelined requests one after the other, answers in order, over one connection to the host", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    const host = await upstream.next();
    for (const [index, mark] of ["\r\n\r\n", "abc", "\r\n\r\n"].entries()) {
      assert.match(await host.until(mark), new RegExp(` /${index + 1} `, "u"));
      assert.equal(host.text, "");
      host.send(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${index + 1}`);
      assert.match(await client.until(`\r\n\r\n${index + 1}`), /^HTTP/u);
    }
    assert.equal(upstream.peers.length, 1);
  }); // prettier-ignore

  test("HEAD, 204 and 304 without bodies, whatever their heads say", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    assert.match(await client.until("\r\n\r\n"), /Content-Length: 100/u);
    for (const status of ["204 No Content", "304 Not Modified"]) {
      client.send(get);
      await host.until("\r\n\r\n");
      host.send(`HTTP/1.1 ${status}\r\nETag: x\r\n\r\n`);
      assert.equal(await client.until("\r\n\r\n"), `HTTP/1.1 ${status}\r\nETag: x\r\n\r\n`);
    }
    client.send(get);
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n");
    assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
    assert.equal(upstream.peers.length, 1);
  });

  test("the same head in answer to GET, HEAD and GET: with a body, without, and with one again", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    const head = ok.slice(0, -2);
    for (const [method, body] of [["GET", "ok"], ["HEAD", ""], ["GET", "on"]] as const) {
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      const host = upstream.peers[0] ?? (await upstream.next());
      await host.until("\r\n\r\n");
      host.send(head + body);
      assert.equal(await client.until(`\r\n\r\n${body}`), head + body);
    }
    assert.equal(upstream.peers.length, 1);
  }); // prettier-ignore

  test("an answer that ends with its connection in chunks, and by closing to HTTP/1.0", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send(get);
    const first = await upstream.next();
    await first.until("\r\n\r\n");
    first.socket.end("HTTP/1.0 200 OK\r\n\r\nall of it");
    assert.equal(await client.until("0\r\n\r\n"), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nall of it\r\n0\r\n\r\n"); // prettier-ignore
    const old = await proxy.client();
    old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const second = await upstream.next();
    assert.match(
      await second.until("\r\n\r\n"),
      /^GET \/ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/u,
    );
    second.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    assert.equal(await old.rest(), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok");
  });

  test("keep-alive with an HTTP/1.0 caller that asks for it", async (t) => {
    const upstream = await rawServer(t, answering());
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    for (let i = 0; i < 2; i++) {
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      assert.match(await client.until("ok"), /connection: keep-alive/u);
    }
  });
});

describe("ProxyCall and interim answers", () => {
  test("100-continue goes through: expectation up, 100 down, then the body", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    const host = await upstream.next();
    assert.match(await host.until("\r\n\r\n"), /Expect: 100-continue/u);
    host.send("HTTP/1.1 100 Continue\r\n\r\n");
    assert.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    await host.until("body");
    host.send(ok);
    assert.equal(await client.until("ok"), ok);
  });

  test("a final answer to an expectation ends the connection without the body", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    assert.equal(await client.rest(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nconnection: close\r\n\r\n"); // prettier-ignore
    assert.equal(await host.rest(), "");
  });

  test("103 goes through; 100 that nobody asked for, and anything for HTTP/1.0, does not", async (t) => {
    const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    const upstream = await rawServer(t, answering(interim + ok));
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send(get);
    assert.equal(await client.until("ok"), `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}`);
    const old = await proxy.client();
    old.send("GET / HTTP/1.0\r\n\r\n");
    assert.doesNotMatch(await old.rest(), /10[03] /u);
  });

  test("interim answers without end are a fault of the host", async (t) => {
    const upstream = await rawServer(t, answering("HTTP/1.1 102 Processing\r\n\r\n".repeat(17)));
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send(get);
    assert.match(await client.until("interim answers\n"), /HTTP\/1\.1 502 .*x-mesh-failure: UP/su);
  });

  test("another expectation is 417", async (t) => {
    const proxy = await startProxy(t, ["127.0.0.1:1"]);
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: magic\r\n\r\n");
    assert.match(await client.rest(), /^HTTP\/1\.1 417 /u);
  });
});

describe("ProxyCall and upgrades", () => {
  const upgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

  test("101 opens a tunnel in both directions", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send(upgrade);
    const host = await upstream.next();
    assert.match(
      await host.until("\r\n\r\n"),
      /connection: upgrade\r\nupgrade: websocket\r\n\r\n$/u,
    );
    host.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: y\r\n\r\n\x81\x02hi"); // prettier-ignore
    assert.equal(
      await client.until("\x81\x02hi"),
      "HTTP/1.1 101 Switching Protocols\r\nX: y\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\x81\x02hi",
    );
    client.send("GET / HTTP/1.1 is no request here");
    await host.until("no request here");
    host.socket.end("bye");
    assert.equal(await client.rest(), "bye");
    await eventually("the connection is given back", () => proxy.server.connections === 0);
  });

  test("bytes sent ahead of the 101 follow it; the caller's end ends the tunnel", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send(`${upgrade}early`);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    await host.until("early");
    client.socket.end();
    await host.rest();
  });

  test("a refused upgrade is an answer like any other", async (t) => {
    const upstream = await rawServer(t, answering());
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send(upgrade);
    await client.until("ok");
    client.send(get);
    await client.until("ok");
  });

  test("h2c is not passed on, and 101 without a question is a fault of the host", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const client = await proxy.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n"); // prettier-ignore
    const host = await upstream.next();
    assert.equal(await host.until("\r\n\r\n"), `GET / HTTP/1.1\r\nHost: a\r\n${forwarded}\r\n`);
    host.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
    assert.match(await client.until("asked for\n"), /502 .*x-mesh-failure: UP/su);
  });
});
