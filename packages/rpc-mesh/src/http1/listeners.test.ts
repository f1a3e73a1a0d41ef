import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { eventually, selfSigned, skipWithout, tempDir } from "@layotto/sidecar-kit/testing";
import { answering, ok, RawPeer, rawServer } from "@layotto/http1/testing";
import { startProxy } from "./testing/proxy.ts";

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("Http1Server", () => {
  test("serves unix sockets: nothing is said of the caller's address; broken answers break off", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const path = join(tempDir(t), "s");
    const server = createServer(proxy.accept).listen(path);
    await once(server, "listening");
    t.after(() => server.close());
    const client = new RawPeer(connect(path));
    client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const host = await upstream.next();
    assert.equal(await host.until("\r\n\r\n"), "GET / HTTP/1.1\r\nHost: a\r\nx-forwarded-proto: http\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\n\r\nabc");
    await client.until("abc");
    host.socket.resetAndDestroy();
    await client.rest();
  }); // prettier-ignore

  test("serves TLS, and says so to the host", { skip: skipWithout("openssl") }, async (t) => {
    const upstream = await rawServer(t, answering());
    const proxy = await startProxy(t, [upstream.address]);
    const { cert, key } = selfSigned(tempDir(t));
    const options = { cert: readFileSync(cert), key: readFileSync(key) };
    const server = createTlsServer(options, proxy.accept).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    const client = new RawPeer(connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }));
    for (let i = 0; i < 3; i++) {
      client.send(get);
      assert.equal(await client.until("ok"), ok);
    }
    client.socket.destroy();
  });

  test("takes over the bytes that were read to tell the protocol", async (t) => {
    const upstream = await rawServer(t, answering());
    const proxy = await startProxy(t, [upstream.address]);
    const server = createServer((socket) => {
      socket.once("data", (bytes: Buffer) => {
        socket.pause();
        proxy.server.accept(socket, bytes);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    const client = new RawPeer(connect(port, "127.0.0.1"));
    client.send(get.slice(0, 10));
    await eventually("it is taken over", () => proxy.server.connections === 1);
    client.send(get.slice(10) + get);
    await client.until("ok");
    await client.until("ok");
    client.socket.destroy();
  });
});
