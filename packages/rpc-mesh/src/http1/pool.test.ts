import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually, freePort } from "@layotto/sidecar-kit/testing";
import { requestHead, UnsafeHeadError } from "@layotto/http1";
import { answering, ok, rawServer } from "@layotto/http1/testing";
import { Reason } from "../call/failure.ts";
import { fakeMeshClock } from "../testing/mesh-clock.ts";
import { send, testPool } from "./testing/pool.ts";

describe("Http1Pool", () => {
  test("uses a connection again, the one freed last", async (t) => {
    const host = await rawServer(t);
    const pool = testPool(t, host.port);
    const [one, first] = [send(pool), await host.next()];
    await first.until("\r\n\r\n");
    const [two, second] = [send(pool), await host.next()];
    await second.until("\r\n\r\n");
    first.send(ok);
    await one.outcome;
    second.send(ok);
    await two.outcome;
    void send(pool);
    await second.until("\r\n\r\n");
    assert.equal(first.text, "");
    assert.equal(pool.connections, 2);
  });

  test("keeps to maxConnections; the others wait in turn; beyond maxPending is OVERFLOW", async (t) => {
    const host = await rawServer(t);
    const pool = testPool(t, host.port, { maxConnections: 1, maxPending: 2 });
    const sent = [send(pool, "GET"), send(pool, "PUT"), send(pool, "POST")];
    assert.equal((await sent[2]?.outcome)?.reason, Reason.OVERFLOW);
    const peer = await host.next();
    assert.match(await peer.until("\r\n\r\n"), /^GET/u);
    peer.send(ok);
    assert.match(await peer.until("\r\n\r\n"), /^PUT/u);
    peer.send(ok);
    assert.equal((await sent[1]?.outcome)?.status, 200);
    assert.equal(host.peers.length, 1);
  });

  test("a host that refuses connections is CONNECT_FAILURE", async (t) => {
    const pool = testPool(t, await freePort());
    const { reason, detail } = await send(pool).outcome;
    assert.equal(reason, Reason.CONNECT_FAILURE);
    assert.match(detail ?? "", /ECONNREFUSED/u);
    assert.equal(pool.pending, 0);
  });

  test("all that wait fail when the only connection cannot be made", async (t) => {
    const pool = testPool(t, await freePort(), { maxConnections: 1 });
    const outcomes = await Promise.all(
      [send(pool), send(pool), send(pool)].map((each) => each.outcome),
    );
    for (const { reason } of outcomes) assert.equal(reason, Reason.CONNECT_FAILURE);
    assert.equal(pool.pending, 0);
  });

  test("one that gives up while it waits leaves its place to the next", async (t) => {
    const host = await rawServer(t);
    const pool = testPool(t, host.port, { maxConnections: 1 });
    const [first, second, third] = [send(pool, "GET"), send(pool, "PUT"), send(pool, "POST")];
    const peer = await host.next();
    await peer.until("\r\n\r\n");
    second.abort();
    peer.send(ok);
    await first.outcome;
    assert.match(await peer.until("\r\n\r\n"), /^POST/u);
    peer.send(ok);
    assert.equal((await third.outcome).status, 200);
  });

  test("one that gives up after it was sent takes its connection with it", async (t) => {
    const host = await rawServer(t);
    const pool = testPool(t, host.port);
    const sent = send(pool);
    const peer = await host.next();
    await peer.until("\r\n\r\n");
    sent.abort();
    await peer.rest();
    assert.equal(pool.connections, 0);
  });

  test("a connection is closed after maxRequestsPerConnection, when the host says so, and when it idles", async (t) => {
    const host = await rawServer(t, answering());
    const counted = testPool(t, host.port, { maxRequestsPerConnection: 2 });
    for (let i = 0; i < 4; i++) await send(counted).outcome;
    assert.equal(host.peers.length, 2);

    const closing = await rawServer(t, answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    const closed = testPool(t, closing.port);
    await send(closed).outcome;
    assert.equal(closed.connections, 0);

    const clock = fakeMeshClock();
    const idle = testPool(t, host.port, { clock, idleTimeoutMs: 5000 });
    await send(idle).outcome;
    await clock.advance(4000);
    assert.equal(idle.connections, 1);
    await clock.advance(2000);
    assert.equal(idle.connections, 0);
  }); // prettier-ignore

  test("a connection is let go a second before the host does, as its Keep-Alive says", async (t) => {
    const host = await rawServer(t, answering("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nContent-Length: 0\r\n\r\n"));
    const clock = fakeMeshClock();
    const pool = testPool(t, host.port, { clock });
    await send(pool).outcome;
    await clock.advance(3000);
    assert.equal(pool.connections, 1);
    await clock.advance(2000);
    assert.equal(pool.connections, 0);
  }); // prettier-ignore

  test("a host that closes an idle connection costs nothing", async (t) => {
    const host = await rawServer(t, answering());
    const pool = testPool(t, host.port);
    await send(pool).outcome;
    host.peers[0]?.socket.end();
    await eventually("the pool has noticed", () => pool.connections === 0);
    assert.equal((await send(pool).outcome).status, 200);
  });

  test("an answer that nobody asked for ends the connection", async (t) => {
    const host = await rawServer(t, answering());
    const pool = testPool(t, host.port);
    await send(pool).outcome;
    host.peers[0]?.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    await eventually("the pool has noticed", () => pool.connections === 0);
  });

  test("octets behind an answer are no answer to the next request", async (t) => {
    const host = await rawServer(
      t,
      answering(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
    );
    const pool = testPool(t, host.port);
    assert.equal((await send(pool).outcome).body, "ok");
    assert.equal(pool.connections, 0);
    assert.equal((await send(pool).outcome).body, "ok");
  });

  test("a connection that breaks before anything was handed to it is REFUSED, after that it is RESET", async (t) => {
    const host = await rawServer(t, answering());
    const pool = testPool(t, host.port);
    await send(pool).outcome;
    const sent = send(pool); // in the output, not yet in the socket
    for (const connection of openOf(pool)) connection.socket.emit("close");
    assert.equal((await sent.outcome).reason, Reason.REFUSED);

    const silent = await rawServer(t, (peer) => {
      void peer.until("\r\n\r\n").then(() => peer.socket.destroy(), () => {});
    }); // prettier-ignore
    assert.equal((await send(testPool(t, silent.port)).outcome).reason, Reason.RESET);
  });

  test("drain closes what is free, lets the rest finish and takes nothing new", async (t) => {
    const host = await rawServer(t);
    const pool = testPool(t, host.port);
    const [one, first] = [send(pool), await host.next()];
    await first.until("\r\n\r\n");
    const [two, second] = [send(pool), await host.next()];
    await second.until("\r\n\r\n");
    first.send(ok);
    await one.outcome;
    pool.drain();
    await first.rest();
    assert.equal((await send(pool).outcome).reason, Reason.REFUSED);
    second.send(ok);
    assert.equal((await two.outcome).status, 200);
    assert.equal(pool.connections, 0);
  });
});

/** The connections of a pool, to break them at a chosen moment. */
function openOf(pool: object): Iterable<{ socket: { emit(event: string): void } }> {
  return [...(pool as { open: Set<{ socket: { emit(event: string): void } }> }).open];
}

describe("sendUnary", () => {
  test("gathers bodies however they are framed and cut", async (t) => {
    for (const answer of [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nhello",
    ]) {
      const host = await rawServer(t);
      const pool = testPool(t, host.port);
      const sent = send(pool, "POST", "question");
      const peer = await host.next();
      assert.equal(await peer.until("question"), "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\nquestion"); // prettier-ignore
      for (const octet of answer) {
        peer.send(octet);
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (answer.includes("1.0")) peer.socket.end();
      assert.equal((await sent.outcome).body, "hello");
    }
  });

  test("an answer larger than allowed is BODY_TOO_LARGE, announced or not", async (t) => {
    for (const answer of [
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nh",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n",
    ]) {
      const host = await rawServer(t, answering(answer));
      const { reason } = await send(testPool(t, host.port), "GET", "", 5).outcome;
      assert.equal(reason, Reason.BODY_TOO_LARGE);
    }
  });

  test("an answer before the body is through is taken, its connection is not used again", async (t) => {
    const host = await rawServer(t);
    const pool = testPool(t, host.port);
    const sent = send(pool, "POST", "x".repeat(4_000_000));
    const peer = await host.next();
    peer.socket.pause();
    peer.send("HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert.equal((await sent.outcome).status, 413);
    assert.equal(pool.connections, 0);
  });
});

describe("requestHead", () => {
  const parts = { method: "GET", target: "/", authority: "a", headers: [], bodyBytes: 0 };
  test("refuses whatever would end its line", () => {
    for (const bad of [
      { ...parts, method: "GET /x HTTP/1.1\r\n" },
      { ...parts, target: "/ HTTP/1.1\r\nX: y" },
      { ...parts, target: "x" },
      { ...parts, authority: "a\r\nX: y" },
      { ...parts, headers: [["x", "y\r\nz: 1"]] as const },
      { ...parts, headers: [["x: y\r\nz", "1"]] as const },
      { ...parts, headers: [["x", "y\0"]] as const },
      { ...parts, headers: [["", "y"]] as const },
      { ...parts, headers: [["x", "ą"]] as const },
    ]) {
      assert.throws(() => requestHead(bad), UnsafeHeadError);
    }
  });

  test("says the length of a body, also of an empty one where a body is usual", () => {
    assert.doesNotMatch(requestHead(parts), /content-length/u);
    assert.match(requestHead({ ...parts, method: "POST" }), /content-length: 0\r\n/u);
    assert.match(requestHead({ ...parts, bodyBytes: 7 }), /content-length: 7\r\n/u);
  });
});
