import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { until } from "./testing/until.ts";
import type { BoltFrame } from "../bolt/bolt-frame.ts";
import { bolt } from "../bolt/bolt-wire.ts";
import { BoltCommand, BoltType } from "../bolt/constants.ts";
import { emptyFrame, heartbeatAck } from "../bolt/write-bolt.ts";
import { Reason } from "../call/failure.ts";
import { Cluster } from "../cluster/cluster.ts";
import { Unfit } from "../cluster/host.ts";
import { defaultCluster } from "../config/defaults.ts";
import type { ClusterConfig } from "../model/cluster.ts";
import { fakeMeshClock } from "../testing/mesh-clock.ts";
import { muxLimits, type MuxLimits } from "./limits.ts";
import { MuxPool } from "./mux-pool.ts";
import { FakeHost, type OnFrame } from "./testing/fake-host.ts";
import { boltAnswer, FakeOwner } from "./testing/fake-owner.ts";
import { FrameKind } from "./wire.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const echo: OnFrame<BoltFrame> = (frame, socket) => {
  if (frame.kind === FrameKind.REQUEST) socket.write(boltAnswer(frame));
  if (frame.kind === FrameKind.HEARTBEAT) socket.write(heartbeatAck(frame));
};
const silent: OnFrame<BoltFrame> = () => {};

async function setUp(
  onFrame: OnFrame<BoltFrame>,
  config: Partial<ClusterConfig> = {},
  limits: Partial<MuxLimits> = {},
) {
  const server = await FakeHost.start(bolt, onFrame);
  const clock = fakeMeshClock();
  const source = { type: "static", hosts: [] } as const;
  const cluster = new Cluster(
    { ...defaultCluster, name: "c", source, ...config },
    { clock, random: Math.random },
  );
  cluster.setHosts([{ address: server.address }]);
  const [host] = cluster.hosts;
  assert.ok(host);
  const pool = host.pool(
    "bolt",
    () => new MuxPool(bolt, host, cluster, clock, { limits: { ...muxLimits, ...limits } }),
  );
  const owner = new FakeOwner();
  cleanups.push(
    () => server.stop().catch(() => {}),
    () => pool.close(),
    () => cluster.close(),
  );
  return { server, clock, cluster, host, pool, owner };
}

function goaway(): Buffer {
  return emptyFrame(1, BoltType.REQUEST, BoltCommand.GOAWAY, 0, -1);
}

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

describe("MuxPool heartbeats", () => {
  it("asks a quiet host and goes on when it answers", async () => {
    const { server, clock, pool, owner } = await setUp(echo, { idleTimeoutMs: 60_000 });
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(owner.log.length, 1));
    await clock.advance(14_000);
    pool.submit(owner.exchange("b"));
    await until(() => assert.equal(owner.log.length, 2));
    await clock.advance(14_000);
    assert.deepEqual(server.kinds, [FrameKind.REQUEST, FrameKind.REQUEST]);
    for (let beat = 1; beat <= 2; beat += 1) {
      await clock.advance(beat === 1 ? 1000 : 15_000);
      await until(() =>
        assert.equal(server.kinds.filter((kind) => kind === FrameKind.HEARTBEAT).length, beat),
      );
      await until(() => assert.equal(pool.connections, 1));
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

  it("answers those of the host", async () => {
    const { server, pool, owner } = await setUp((frame, socket) => {
      if (frame.kind === FrameKind.REQUEST)
        socket.write(emptyFrame(1, BoltType.REQUEST, 0, 77, -1));
    });
    pool.submit(owner.exchange("a"));
    await until(() => assert.deepEqual(server.kinds, [FrameKind.REQUEST, FrameKind.HEARTBEAT_ACK]));
  });

  it("closes a connection that was without requests for idleTimeoutMs", async () => {
    const { server, clock, pool, owner } = await setUp(echo, { idleTimeoutMs: 40_000 });
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(owner.log.length, 1));
    for (let i = 0; i < 4; i += 1) {
      await clock.advance(15_000);
      await until(() => assert.ok(pool.connections === 0 || server.kinds.length > i + 1));
    }
    await until(() => assert.equal(pool.connections, 0));
    assert.equal(clock.pending, 0);
  });
});

describe("MuxPool draining", () => {
  it("takes a new connection after a GOAWAY and lets requests finish on the old one", async () => {
    const answers: (() => void)[] = [];
    const { server, host, pool, owner } = await setUp((frame, socket) => {
      const answer = boltAnswer(frame);
      answers.push(() => socket.write(answer));
      if (answers.length === 1) socket.write(goaway());
    });
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(host.unfit, Unfit.DRAINING));
    pool.submit(owner.exchange("b"));
    await until(() => assert.equal(answers.length, 2));
    assert.equal(server.accepted, 2);
    assert.equal(host.unfit, 0, "it serves again");
    for (const answer of answers) answer();
    await until(() => assert.deepEqual(new Set(owner.log), new Set(["a → a", "b → b"])));
    await until(() => assert.equal(server.sockets.size, 1));
    assert.equal(pool.connections, 1);
  });

  it("keeps a host without calls for drainRestMs", async () => {
    const { clock, host, pool, owner } = await setUp((frame, socket) => {
      socket.write(boltAnswer(frame));
      socket.write(goaway());
    });
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(host.unfit, Unfit.DRAINING));
    await clock.advance(9999);
    assert.equal(host.unfit, Unfit.DRAINING);
    await clock.advance(1);
    assert.equal(host.unfit, 0);
  });

  it("stays fit while another connection serves", async () => {
    const { server, host, pool, owner } = await setUp(silent, {
      limits: { ...defaultCluster.limits, maxConnections: 2 },
    });
    for (let i = 0; i < 3; i += 1) pool.submit(owner.exchange(`m${i}`));
    await until(() => assert.equal(server.sockets.size, 2));
    const [first] = server.sockets;
    first?.write(goaway());
    server.onFrame = echo;
    await until(() => {
      pool.submit(owner.exchange("o"));
      assert.ok(owner.log.length > 0);
    });
    assert.equal(host.unfit, 0);
  });

  it("ends when its host is removed: requests finish, nothing new is taken", async () => {
    const answers: (() => void)[] = [];
    const { server, cluster, pool, owner } = await setUp((frame, socket) => {
      const answer = boltAnswer(frame);
      answers.push(() => socket.write(answer));
    });
    pool.submit(owner.exchange("a"));
    await until(() => assert.equal(answers.length, 1));
    cluster.setHosts([]);
    pool.submit(owner.exchange("b"));
    assert.deepEqual(owner.log, [`b lost ${Reason.REFUSED}`]);
    answers[0]?.();
    await until(() => assert.equal(owner.log[1], "a → a"));
    await until(() => assert.equal(server.sockets.size, 0));
  });

  it("sends what waits for a connection before it drains", async () => {
    const { server, pool, owner } = await setUp(echo);
    pool.submit(owner.exchange("a"));
    pool.drain();
    await until(() => assert.deepEqual(owner.log, ["a → a"]));
    await until(() => assert.equal(server.sockets.size, 0));
  });
});
