import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { eventually, tempDir } from "@layotto/sidecar-kit/testing";
import { answering, ok, RawPeer, rawServer } from "@layotto/http1/testing";
import { Reason } from "../call/failure.ts";
import { meshClock } from "../clock.ts";
import type { OnConnected } from "../net/connect.ts";
import { fakeMeshClock } from "../testing/mesh-clock.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { Exchange } from "./exchange.ts";
import { Http1Pool } from "./pool.ts";
import { send, testPool } from "./testing/pool.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";
import { sendUnary } from "./unary.ts";

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** A pool whose connections the test makes. */
function poolOf(maxConnections: number, dial: (callback: OnConnected) => () => void): Http1Pool {
  const limits = { maxConnections, maxPending: 0 };
  const settings = { limits, idleTimeoutMs: 0, maxRequestsPerConnection: 0 };
  return new Http1Pool({ settings: () => settings, clock: meshClock, connect: dial });
}

describe("Http1Pool, at odd moments", () => {
  test("a connection that cannot even be begun fails its call and leaves no place taken", async () => {
    const pool = poolOf(2, (callback) => {
      callback(new Error("no such certificate"), undefined);
      return () => {};
    });
    for (let i = 0; i < 4; i++) {
      const { reason, detail } = await send(pool).outcome;
      assert.deepEqual([reason, detail], [Reason.CONNECT_FAILURE, "cannot connect: no such certificate"]); // prettier-ignore
    }
  });

  test("a failed connect does not fail a call that another connect is under way for", async (t) => {
    const host = await rawServer(t);
    const attempts: OnConnected[] = [];
    const pool = poolOf(0, (callback) => {
      attempts.push(callback);
      return () => {};
    });
    t.after(() => pool.close());
    const first = send(pool);
    const socket = connect(host.port, "127.0.0.1");
    await once(socket, "connect");
    attempts[0]?.(undefined, socket);
    const [second, third] = [send(pool), send(pool)];
    (await host.next()).send(ok);
    await first.outcome;
    attempts[1]?.(new Error("no"), undefined);
    assert.equal(pool.pending, 1);
    attempts[2]?.(new Error("no"), undefined);
    assert.equal(pool.pending, 0);
    assert.equal((await third.outcome).reason, Reason.CONNECT_FAILURE);
    host.peers[0]?.send(ok);
    assert.equal((await second.outcome).status, 200);
  });

  test("close does not connect again for those that wait", async (t) => {
    const host = await rawServer(t);
    let connects = 0;
    const pool = poolOf(1, (callback) => {
      connects++;
      const socket = connect(host.port, "127.0.0.1", () => callback(undefined, socket));
      return () => socket.destroy();
    });
    const [first, second] = [send(pool), send(pool)];
    await (await host.next()).until("\r\n\r\n");
    pool.close();
    assert.equal((await first.outcome).reason, Reason.RESET);
    assert.equal((await second.outcome).reason, Reason.REFUSED);
    assert.equal(connects, 1);
  });

  test("a connection that was paused at the end of an answer is read again", async (t) => {
    const host = await rawServer(t, answering());
    const pool = testPool(t, host.port);
    await new Promise<void>((resolve) => pool.acquire(new Pausing(resolve)));
    assert.equal((await send(pool).outcome).status, 200);
    assert.equal(host.peers.length, 1);
  });

  test("octets that come before a request was handed over are no answer to it", async (t) => {
    const host = await rawServer(t, answering());
    const pool = testPool(t, host.port);
    await send(pool).outcome;
    const [connection] = (pool as unknown as { open: Set<Receiver> }).open;
    const sent = send(pool); // in the output, not yet in the socket
    const late = Buffer.from("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    connection?.receive(late, 0, late.length);
    assert.equal((await sent.outcome).reason, Reason.REFUSED);
  });

  test("an answer that is too large is told once, however many chunks come with it", async (t) => {
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"3\r\nabc\r\n".repeat(5)}0\r\n\r\n`;
    const host = await rawServer(t, answering(answer));
    const pool = testPool(t, host.port);
    const errors: Reason[] = [];
    const request = { method: "GET", head: get, body: Buffer.alloc(0) };
    sendUnary(pool, request, { onResponse: () => {}, onError: (reason) => errors.push(reason) }, 4);
    await eventually("an error", () => errors.length > 0);
    assert.deepEqual(errors, [Reason.BODY_TOO_LARGE]);
  });
});

interface Receiver {
  receive(buffer: Buffer, start: number, end: number): void;
}

/** Pauses its connection with each octet, as a call does whose caller takes nothing. */
class Pausing implements Exchange {
  readonly method = "GET";
  readonly upgrade = false;
  waiting = false;
  readonly onEnd: () => void;
  private connection: ClientConnection | undefined;

  constructor(onEnd: () => void) {
    this.onEnd = onEnd;
  }

  onConnection(connection: ClientConnection): void {
    this.connection = connection;
    connection.output.reserve(get.length);
    connection.output.position += connection.output.buffer.write(get, connection.output.position);
    connection.endRequest();
  }

  onBody(): void {
    this.connection?.pause();
  }

  onInterim(): void {
    // Of no interest here.
  }
  onHead(): void {
    // Of no interest here.
  }
  onBroken(): void {
    // The test would wait in vain.
  }
  onWritable(): void {
    // All is in the output already.
  }
}

/** A caller over a unix socket. */
async function unixClient(t: TestContext, proxy: TestProxy): Promise<RawPeer> {
  const path = join(tempDir(t), "in.sock");
  const listener = createServer((socket) => proxy.accept(socket)).listen(path);
  await once(listener, "listening");
  t.after(() => listener.close());
  const client = new RawPeer(connect(path));
  t.after(() => client.socket.destroy());
  await once(client.socket, "connect");
  return client;
}

describe("ServerConnection, at odd moments", () => {
  test("a request that has arrived but was not read is served when its connection is drained or was idle", async (t) => {
    for (const why of ["drained", "idle"]) {
      const clock = fakeMeshClock();
      const upstream = await rawServer(t, answering());
      const limits = { maxBodyBytes: 0, maxConnections: 0, idleTimeoutMs: 1500 };
      const proxy = await startProxy(t, [upstream.address], { clock, listener: { limits } });
      const client = await unixClient(t, proxy); // what is written is at the other end at once
      client.send(get);
      await client.until("ok");
      if (why === "drained") void proxy.server.drain(60_000);
      else await clock.advance(2000);
      client.send(get); // in the kernel before the timer is due, read after it
      await clock.advance(1000);
      await client.until("ok");
    }
  });

  test("an answer whose body follows its head later does not stand still, however long its connection was idle", async (t) => {
    const clock = fakeMeshClock();
    const upstream = await rawServer(t);
    const action = { timeoutMs: 5000 };
    const proxy = await startProxy(t, [upstream.address], { clock, action });
    const client = await proxy.client();
    await eventually("it is there", () => proxy.server.connections === 1);
    await clock.advance(20_000);
    client.send(get);
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    await client.until("\r\n\r\n");
    await clock.advance(1000);
    host.send("ok");
    await client.until("ok");
  });

  test("an answer that has begun waits for its request, however long that takes", async (t) => {
    const clock = fakeMeshClock();
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address], { clock, action: { timeoutMs: 5000 } });
    const client = await proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    host.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    await client.until("\r\n\r\n");
    for (let i = 0; i < 6; i++) {
      client.send("x");
      await host.until("x");
      await clock.advance(2000);
    }
    host.send("ok");
    await client.until("ok");
  });

  test("the last answer of a connection goes out whole to a caller that takes its time", async (t) => {
    const clock = fakeMeshClock();
    const upstream = await rawServer(t);
    const proxy = await startProxy(t, [upstream.address], { clock });
    const client = await unixClient(t, proxy); // little lies in the kernel between unix sockets
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const host = await upstream.next();
    await host.until("\r\n\r\n");
    const bytes = 430_000;
    host.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`);
    const cluster = proxy.mesh.clusters.get("all");
    await eventually("the answer is in the proxy", () => cluster?.hosts[0]?.active === 0);
    await clock.advance(10_000);
    client.socket.resume();
    const answer = await client.rest();
    assert.equal(answer.length - answer.indexOf("\r\n\r\n") - 4, bytes);
  });
});

test("changes of headers that a registry gives cannot change where messages end", async (t) => {
  const upstream = await rawServer(t, answering());
  const lines = ["Content-Length", "transfer-encoding", "Host", "connection", "x-fine"].map(
    (name) => [name, "7"] as const,
  );
  const headers = { requestAdd: lines, requestRemove: [], responseAdd: lines, responseRemove: [] };
  const proxy = await startProxy(t, [upstream.address], { route: { headers } });
  const client = await proxy.client();
  client.send(get);
  assert.match(
    await client.until("ok"),
    /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nx-fine: 7\r\n\r\nok$/u,
  );
});

describe("hedged uploads", { timeout: 60_000 }, () => {
  const hedge = { maxAttempts: 2, delayMs: 20 };

  test("go on when the host that held them up wants no more", async (t) => {
    const upstreams = await Promise.all([rawServer(t), rawServer(t)]);
    const proxy = await startProxy(t, upstreams.map((each) => each.address), { action: { hedge, timeoutMs: 0 } }); // prettier-ignore
    const client = await proxy.client();
    const total = 32_000_000;
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n12345`);
    const [one, two] = await Promise.all(upstreams.map((each) => each.next()));
    assert.ok(one !== undefined && two !== undefined);
    await Promise.all([one.until("12345"), two.until("12345")]);
    let received = 5;
    two.socket.on("data", (chunk: Buffer) => (received += chunk.length));
    one.socket.pause();
    client.send("x".repeat(total - 5));
    let [last, since] = [0, Date.now()];
    await eventually("the upload stands still", () => {
      if (received !== last) [last, since] = [received, Date.now()];
      return Date.now() - since > 200;
    });
    assert.ok(received < total);
    one.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    await eventually("the other has all", () => received === total);
    two.send(ok);
    await client.until("ok");
  });

  test("do not wait for a second connection that there may never be", async (t) => {
    const upstream = await rawServer(t);
    const limits = { maxConnections: 1, maxPending: 0, maxRequests: 0, maxRetries: 0 };
    const proxy = await startProxy(t, [upstream.address], { action: { hedge, timeoutMs: 0 }, cluster: { limits } }); // prettier-ignore
    const client = await proxy.client();
    const total = 300_000;
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n12345`);
    const host = await upstream.next();
    await host.until("12345");
    const cluster = proxy.mesh.clusters.get("all");
    await eventually("it is hedged", () => cluster?.hosts[0]?.active === 2);
    client.send("x".repeat(total - 6));
    await eventually("all but one", () => host.text.length === total - 6);
    client.send("!");
    await host.until("!");
    host.send(ok);
    await client.until("ok");
    assert.equal(cluster?.hosts[0]?.active, 0);
  });
});
