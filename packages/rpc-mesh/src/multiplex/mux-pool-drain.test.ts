import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { until } from "./testing/until.ts";
import { Reason } from "../call/failure.ts";
import { Unfit } from "../cluster/host.ts";
import { defaultCluster } from "../config/defaults.ts";
import { boltAnswer } from "./testing/fake-owner.ts";

import { cleanUp, echo, goaway, setUp, silent } from "./testing/mux-pool.ts";

afterEach(cleanUp);

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

  it("closes after a last answer that is over the limit", async () => {
    const { server, pool, owner } = await setUp(
      (frame, socket) => {
        socket.write(goaway());
        socket.write(boltAnswer(frame, "x".repeat(5000)));
      },
      {},
      { maxFrameBytes: 1000 },
    );
    pool.submit(owner.exchange("a"));
    await until(() => assert.deepEqual(owner.log, [`a lost ${Reason.BODY_TOO_LARGE}`]));
    await until(() => assert.equal(server.sockets.size, 0));
    assert.equal(pool.connections, 0);
  });

  it("sends what waits for a connection before it drains", async () => {
    const { server, pool, owner } = await setUp(echo);
    pool.submit(owner.exchange("a"));
    pool.drain();
    await until(() => assert.deepEqual(owner.log, ["a → a"]));
    await until(() => assert.equal(server.sockets.size, 0));
  });
});
