import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { ok, rawServer } from "@layotto/http1/testing";
import { fakeMeshClock } from "../testing/mesh-clock.ts";
import { startProxy } from "./testing/proxy.ts";

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("ServerConnection", () => {
  test("a head that takes too long is 408, however its octets trickle", async (t) => {
    const clock = fakeMeshClock();
    const proxy = await startProxy(t, [], { clock });
    const client = await proxy.client();
    client.send("GET / HT");
    await eventually("the bytes are there", () => proxy.received() === 8);
    for (let sent = 1; sent <= 6; sent++) {
      client.send("x");
      await eventually("one more", () => proxy.received() === 8 + sent);
      await clock.advance(2000);
    }
    for (let second = 0; second < 8; second++) await clock.advance(1000);
    assert.match(await client.rest(), /^HTTP\/1\.1 408 .*connection: close/su);
  });

  test("a body that stands still is 408, and the host's connection is given up", async (t) => {
    const clock = fakeMeshClock();
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address], { clock, listener: { timeoutMs: 0 } });
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    const host = await upstream.next();
    await host.until("abc");
    await clock.advance(30_000);
    client.send("d");
    await host.until("d");
    await clock.advance(59_000);
    assert.equal(client.text, "");
    await clock.advance(3000);
    assert.match(await client.rest(), /^HTTP\/1\.1 408 /u);
    await host.rest();
  });

  test("an idle connection is closed, one that waits for its answer is not", async (t) => {
    const clock = fakeMeshClock();
    const limits = { maxBodyBytes: 0, maxConnections: 0, idleTimeoutMs: 5000 };
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address], { clock, listener: { limits, timeoutMs: 0 } }); // prettier-ignore
    const client = await proxy.client();
    client.send(get);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    await clock.advance(20_000);
    host.send(ok);
    await client.until("ok");
    await clock.advance(4000);
    assert.equal(client.ended, false);
    await clock.advance(3000);
    assert.equal(await client.rest(), "");
  });

  test("drain: idle connections end at once, the others with their answer", async (t) => {
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address]);
    const [busy, idle] = [await proxy.client(), await proxy.client()];
    busy.send(get);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    await eventually("both are accepted", () => proxy.server.connections === 2);
    const drained = proxy.server.drain(10_000);
    assert.equal(await idle.rest(), "");
    host.send(ok);
    assert.match(await busy.rest(), /connection: close\r\n\r\nok$/u);
    busy.socket.destroy();
    await drained;
    assert.equal(proxy.server.connections, 0);
  });

  test("drain: what takes longer than the grace is cut off", async (t) => {
    const upstream = await rawServer(t);
    const clock = fakeMeshClock();
    const proxy = await startProxy(t, [upstream.address], { clock });
    const client = await proxy.client();
    client.send(get);
    await (await upstream.next()).until("\r\n\r\n");
    const drained = proxy.server.drain(1000);
    await clock.advance(1001);
    await drained;
    await client.rest();
  });
});
