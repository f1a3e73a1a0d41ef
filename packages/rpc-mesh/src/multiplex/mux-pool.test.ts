import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { until } from "./testing/until.ts";
import { BoltType } from "../bolt/constants.ts";
import { emptyFrame } from "../bolt/write-bolt.ts";
import { Attempt } from "../call/attempt.ts";
import { Reason } from "../call/failure.ts";
import { defaultCluster } from "../config/defaults.ts";
import { connectSocket } from "../net/connect.ts";
import { Exchange } from "./exchange.ts";
import type { Connect } from "./mux-pool.ts";
import { boltAnswer } from "./testing/fake-owner.ts";
import { FrameKind } from "./wire.ts";

import { cleanUp, echo, setUp, silent } from "./testing/mux-pool.ts";

afterEach(cleanUp);

describe("MuxPool", () => {
  it("sends many requests over one connection and tells their answers apart", async () => {
    const late: (() => void)[] = [];
    const { server, pool, owner } = await setUp((frame, socket) => {
      const answer = boltAnswer(frame);
      late.unshift(() => socket.write(answer));
      if (late.length === 300) for (const write of late) write();
    });
    const wanted = Array.from({ length: 300 }, (_, i) => `m${i}`);
    for (const content of wanted) pool.submit(owner.exchange(content));
    await until(() => assert.equal(owner.log.length, 300));
    assert.deepEqual(new Set(owner.log), new Set(wanted.map((each) => `${each} → ${each}`)));
    assert.equal(server.accepted, 1);
    assert.equal(pool.connections, 1);
  });

  it("opens as many connections as the cluster allows when requests wait", async () => {
    const { server, pool, owner } = await setUp(silent, {
      limits: { ...defaultCluster.limits, maxConnections: 3 },
    });
    for (let i = 0; i < 10; i += 1) pool.submit(owner.exchange(`m${i}`));
    await until(() => assert.equal(server.kinds.length, 10));
    for (let i = 0; i < 10; i += 1) pool.submit(owner.exchange(`n${i}`));
    await until(() => assert.equal(server.kinds.length, 20));
    assert.equal(server.accepted, 3);
  });

  it("sends one-way requests and waits for nothing", async () => {
    const { server, pool, owner } = await setUp(echo);
    pool.submit(owner.exchange("a", true));
    pool.submit(owner.exchange("b"));
    await until(() => assert.deepEqual(owner.log, ["a sent", "b → b"]));
    assert.deepEqual(server.kinds, [FrameKind.ONEWAY, FrameKind.REQUEST]);
  });

  it("drops answers that come too late", async () => {
    const answers: (() => void)[] = [];
    const { pool, owner } = await setUp((frame, socket) => {
      const answer = boltAnswer(frame);
      answers.push(() => socket.write(answer));
    });
    const first = owner.exchange("first");
    pool.submit(first);
    await until(() => assert.equal(answers.length, 1));
    first.abandon();
    pool.submit(owner.exchange("second"));
    await until(() => assert.equal(answers.length, 2));
    for (const answer of answers) answer();
    await until(() => assert.deepEqual(owner.log, ["second → second"]));
    assert.equal(pool.lateAnswers, 1);
  });

  it("says CONNECT_FAILURE when nobody listens", async () => {
    const { server, pool, owner } = await setUp(echo);
    await server.stop();
    pool.submit(owner.exchange("a"));
    const given = owner.exchange("given up");
    pool.submit(given);
    given.abandon();
    await until(() => assert.deepEqual(owner.log, [`a lost ${Reason.CONNECT_FAILURE}`]));
    assert.match(owner.detail, /^cannot connect to 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });

  it("says CONNECT_FAILURE at once when a connection cannot even be begun", async () => {
    const connect: Connect = (_host, _cluster, _alpn, callback) => {
      callback(new Error("no certificate"), undefined); // before it returns, as `connectSocket` does
      return () => {};
    };
    const { pool, owner } = await setUp(echo, {}, {}, { connect });
    pool.submit(owner.exchange("a"));
    assert.deepEqual(owner.log, [`a lost ${Reason.CONNECT_FAILURE}`]);
  });

  it("connects again after the host was gone", async () => {
    const { server, pool, owner } = await setUp(echo);
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(owner.log.length, 1));
    await server.stop();
    await until(() => assert.equal(pool.connections, 0));
    await server.listen();
    pool.submit(owner.exchange("b"));
    await until(() => assert.deepEqual(owner.log, ["a → a", "b → b"]));
  });

  it("says RESET of requests that the host may have seen, REFUSED of those that never left", async () => {
    const { server, pool, owner } = await setUp((_frame, socket) => {
      server.onFrame = silent;
      setImmediate(() => socket.resetAndDestroy());
    });
    pool.submit(owner.exchange("seen"));
    await until(() => assert.deepEqual(owner.log, [`seen lost ${Reason.RESET}`]));
    server.onFrame = echo;
    pool.submit(owner.exchange("warm"));
    await until(() => assert.equal(owner.log.length, 2));
    pool.submit(owner.exchange("unsent")); // the flush would come with the end of this turn
    pool.close();
    assert.equal(owner.log[2], `unsent lost ${Reason.REFUSED}`);
  });

  it("says REFUSED of no request that the host got, however little of a write the system took", async () => {
    const got = new Set<string>();
    const { server, pool, owner } = await setUp(
      (frame, socket) => {
        got.add(frame.buffer.toString("utf8", frame.contentAt, frame.contentEnd).slice(0, 8));
        if (got.size === 1) socket.pause();
      },
      {},
      { maxBacklogBytes: 2 ** 30 },
    );
    pool.submit(owner.exchange("00000000"));
    await until(() => assert.equal(got.size, 1));
    const filler = "x".repeat(300);
    for (let i = 1; i < 60_000; i += 1) {
      pool.submit(owner.exchange(String(i).padStart(8, "0") + filler));
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    pool.close();
    for (const socket of server.sockets) socket.resume();
    await until(() => assert.equal(server.sockets.size, 0));
    const refused = owner.log.filter((line) => line.endsWith(`lost ${Reason.REFUSED}`));
    assert.ok(refused.length > 1000, "the system did not take all");
    assert.deepEqual(refused.filter((line) => got.has(line.slice(0, 8))).map((line) => line.slice(0, 8)), []); // prettier-ignore
  });

  it("ends a connection that sends no bolt, as PROTOCOL_ERROR", async () => {
    const { pool, owner } = await setUp((_frame, socket) =>
      socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    pool.submit(owner.exchange("a"));
    await until(() => assert.deepEqual(owner.log, [`a lost ${Reason.PROTOCOL_ERROR}`]));
    assert.match(owner.detail, /sent no bolt: .*first octet is 72/);
  });

  it("loses only the request whose answer is over the limit", async () => {
    const { pool, owner } = await setUp(
      (frame, socket) => {
        const content = frame.buffer.toString("utf8", frame.contentAt, frame.contentEnd);
        socket.write(boltAnswer(frame, content === "large" ? "x".repeat(5000) : content));
      },
      {},
      { maxFrameBytes: 1000 },
    );
    pool.submit(owner.exchange("large"));
    pool.submit(owner.exchange("small"));
    await until(() =>
      assert.deepEqual(owner.log, [`large lost ${Reason.BODY_TOO_LARGE}`, "small → small"]),
    );
  });

  it("refuses requests beyond maxPending while it connects", async () => {
    const { pool, owner } = await setUp(echo, {
      limits: { ...defaultCluster.limits, maxPending: 2 },
    });
    for (const content of ["a", "b", "c"]) pool.submit(owner.exchange(content));
    assert.deepEqual(owner.log, [`c lost ${Reason.OVERFLOW}`]);
    await until(() => assert.deepEqual(owner.log.slice(1), ["a → a", "b → b"]));
  });

  it("refuses requests to a host that does not read", async () => {
    const { pool, owner } = await setUp(
      (_frame, socket) => socket.pause(),
      {},
      { maxBacklogBytes: 100_000 },
    );
    pool.submit(owner.exchange("first"));
    const large = "x".repeat(100_000);
    await until(() => {
      pool.submit(owner.exchange(large));
      assert.ok(owner.log.some((each) => each.endsWith(`lost ${Reason.OVERFLOW}`)));
    });
  });

  it("uses a connection for maxRequestsPerConnection requests", async () => {
    const { server, pool, owner } = await setUp(echo, { maxRequestsPerConnection: 2 });
    for (const content of ["a", "b", "c", "d", "e"]) pool.submit(owner.exchange(content));
    await until(() => assert.equal(owner.log.length, 5));
    assert.deepEqual(new Set(owner.log), new Set(["a → a", "b → b", "c → c", "d → d", "e → e"]));
    assert.equal(server.accepted, 3);
  });
});

/** Makes connections and counts what comes over them: how a test sees that an answer to a heartbeat is there. */
function counting(): { connect: Connect; octets: () => number } {
  const sockets: Socket[] = [];
  const connect: Connect = (host, cluster, alpn, callback) =>
    connectSocket(host, cluster, alpn, (error, socket) => {
      if (socket !== undefined) sockets.push(socket);
      callback(error, socket);
    });
  return { connect, octets: () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0) };
}

describe("MuxPool heartbeats", () => {
  it("asks a quiet host and goes on when it answers", async () => {
    const { connect, octets } = counting();
    const { server, clock, pool, owner } = await setUp(
      echo,
      { idleTimeoutMs: 60_000 },
      {},
      { connect },
    );
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(owner.log.length, 1));
    await clock.advance(14_000);
    pool.submit(owner.exchange("b"));
    await until(() => assert.equal(owner.log.length, 2));
    await clock.advance(14_000);
    assert.deepEqual(server.kinds, [FrameKind.REQUEST, FrameKind.REQUEST]);
    const beats = () => server.kinds.filter((kind) => kind === FrameKind.HEARTBEAT).length;
    for (let beat = 1; beat <= 2; beat += 1) {
      const before = octets();
      await clock.advance(beat === 1 ? 1000 : 15_000);
      await until(() => assert.ok(octets() > before, "the answer is there"));
      assert.equal(beats(), beat);
      assert.equal(pool.connections, 1);
    }
  });

  it("closes after 3 heartbeats without an answer", async () => {
    const { server, clock, pool, owner } = await setUp(silent);
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(server.kinds.length, 1));
    await clock.advance(15_000);
    await clock.advance(1000);
    await clock.advance(1000);
    assert.deepEqual(owner.log, []);
    await clock.advance(1000);
    assert.deepEqual(owner.log, [`a lost ${Reason.RESET}`]);
    assert.match(owner.detail, /left 3 heartbeats unanswered/);
    assert.equal(pool.connections, 0);
    await until(() =>
      assert.equal(server.kinds.filter((kind) => kind === FrameKind.HEARTBEAT).length, 3),
    );
  });

  it("asks nobody any more once the connection is closed", async () => {
    const { server, clock, host, cluster, pool, owner } = await setUp(silent);
    pool.submit(owner.exchange("first"));
    await until(() => assert.equal(server.kinds.length, 1));
    await clock.advance(1);
    const attempt = new Attempt(cluster, host, 1, clock.monotonic());
    const exchange = new Exchange(owner, attempt, false);
    pool.submit(exchange);
    pool.close();
    exchange.abandon();
    assert.equal(clock.pending, 0);
  });

  it("answers those of the host", async () => {
    const { server, pool, owner } = await setUp((frame, socket) => {
      if (frame.kind === FrameKind.REQUEST)
        socket.write(emptyFrame(1, BoltType.REQUEST, 0, 77, -1));
    });
    pool.submit(owner.exchange("a"));
    await until(() => assert.deepEqual(server.kinds, [FrameKind.REQUEST, FrameKind.HEARTBEAT_ACK]));
  });

  it("closes a connection that was without requests for idleTimeoutMs", async () => {
    const { connect, octets } = counting();
    const { clock, pool, owner } = await setUp(echo, { idleTimeoutMs: 40_000 }, {}, { connect });
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(owner.log.length, 1));
    for (const open of [true, true, false]) {
      const before = octets();
      await clock.advance(15_000);
      assert.equal(pool.connections, open ? 1 : 0);
      if (open) await until(() => assert.ok(octets() > before, "the host lives"));
    }
    assert.equal(clock.pending, 0);
  });
});
