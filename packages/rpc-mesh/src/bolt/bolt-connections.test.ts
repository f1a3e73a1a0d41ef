import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Unfit } from "../cluster/host.ts";
import { muxLimits } from "../multiplex/limits.ts";
import { FakeCaller } from "../multiplex/testing/fake-caller.ts";
import { FakeHost } from "../multiplex/testing/fake-host.ts";
import { boltAnswer, boltRequest } from "../multiplex/testing/fake-owner.ts";
import { until } from "../multiplex/testing/until.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { createBoltServer } from "./bolt-proxy.ts";
import { bolt } from "./bolt-wire.ts";
import { BoltCommand, BoltType } from "./constants.ts";
import { emptyFrame } from "./write-bolt.ts";
import { cleanUp, cleanups, echo, only, setUp } from "./testing/bolt-proxy.ts";

afterEach(cleanUp);

describe("bolt proxy connections", () => {
  it("ends a connection at a malformed frame, and counts it", async () => {
    const { caller, test } = await setUp();
    caller.send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await until(() => assert.ok(caller.closed));
    assert.equal(test.scope.malformed, 1);
  });

  it("gives up the calls of a caller that goes away", async () => {
    const { caller, host, server, test } = await setUp({ onFrame: () => {} });
    caller.send(boltRequest(1, "a"), boltRequest(2, "b"));
    await until(() => assert.equal(host.kinds.length, 2));
    assert.equal(server.active, 2);
    caller.socket.destroy();
    await until(() => assert.equal(server.active, 0));
    const [cluster] = test.mesh.clusters.all();
    assert.equal(cluster?.hosts[0]?.active, 0);
  });

  it("stops reading from a caller that does not take its answers", async () => {
    const { caller, host } = await setUp({
      onFrame: (frame, socket) => socket.write(boltAnswer(frame, "y".repeat(100_000))),
    });
    caller.socket.pause();
    const requests = Array.from({ length: 50 }, (_, id) => boltRequest(id, "a"));
    let sent = 0;
    for (let looks = 0; looks < 60; looks += 1) {
      if (host.kinds.length === sent) {
        caller.send(...requests);
        sent += requests.length;
        looks = 0;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(host.kinds.length < sent, "nothing more was read for 300 ms");
    caller.socket.resume();
    await until(() => assert.equal(host.kinds.length, sent));
    await until(() => assert.equal(caller.frames.length, sent));
  });

  it("ends a caller that takes none of very many octets", async () => {
    const limits = { ...muxLimits, maxCallerBacklogBytes: 1_000_000 };
    const { host, test } = await setUp({
      onFrame: (frame, socket) => socket.write(boltAnswer(frame, "y".repeat(100_000))),
    });
    const server = createBoltServer(test.scope, "bolt", limits);
    const port = await test.serve(server);
    const caller = await FakeCaller.connect(bolt, port);
    cleanups.push(() => caller.socket.destroy());
    caller.socket.pause();
    caller.send(...Array.from({ length: 300 }, (_, id) => boltRequest(id, "a")));
    await until(() => assert.equal(host.kinds.length, 300));
    await until(() => assert.equal(server.connections, 0));
    assert.equal(server.active, 0);
  });

  it("moves to another host when one drains", async () => {
    const second = await FakeHost.start(bolt, echo);
    cleanups.push(() => second.stop());
    const { caller, host, test } = await setUp({
      onFrame: (frame, socket) => {
        echo(frame, socket);
        socket.write(emptyFrame(1, BoltType.REQUEST, BoltCommand.GOAWAY, 0, -1));
      },
      cluster: {},
    });
    const cluster = test.mesh.clusters.get("c");
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(cluster?.hosts[0]?.unfit, Unfit.DRAINING));
    cluster?.setHosts([{ address: host.address }, { address: second.address }]);
    for (let id = 2; id < 12; id += 1) caller.send(boltRequest(id, "b"));
    await until(() => assert.equal(caller.frames.length, 11));
    assert.equal(second.kinds.length, 10);
  });

  it("drains: GOAWAY, calls end, then the connection", async () => {
    const answers: (() => void)[] = [];
    const { caller, server, clock, test } = await setUp({
      listener: { boltGoaway: true },
      onFrame: (frame, socket) => {
        const answer = boltAnswer(frame);
        answers.push(() => socket.write(answer));
      },
    });
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(answers.length, 1));
    let drained = false;
    const done = server.drain(5000).then(() => (drained = true));
    await until(() => assert.equal(only(caller).kind, FrameKind.DRAIN));
    caller.send(boltRequest(2, "on its way"));
    await until(() => assert.equal(answers.length, 2));
    for (const answer of answers) answer();
    await until(() => assert.equal(caller.frames.length, 3));
    assert.equal(drained, false);
    await clock.advance(200);
    await done;
    await until(() => assert.ok(caller.closed));
    await until(() => assert.equal(test.sockets.size, 0));
  });

  it("drains without a word callers that may not understand it, and keeps the answers of those that go on", async () => {
    const answers: (() => void)[] = [];
    const { caller, server, clock } = await setUp({
      onFrame: (frame, socket) => {
        const answer = boltAnswer(frame);
        answers.push(() => socket.write(answer));
      },
    });
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(answers.length, 1));
    const done = server.drain(5000);
    caller.send(boltRequest(2, "b"));
    await until(() => assert.equal(answers.length, 2));
    await clock.advance(2500);
    caller.send(boltRequest(3, "too late"));
    for (const answer of answers) answer();
    await done;
    await until(() => assert.ok(caller.closed));
    assert.deepEqual(caller.frames.map(({ kind, id }) => [kind, id]), [[FrameKind.RESPONSE, 1], [FrameKind.RESPONSE, 2]]); // prettier-ignore
    assert.equal(answers.length, 2);
  });

  it("drains no longer than its grace", async () => {
    const { caller, server, clock, host } = await setUp({ onFrame: () => {} });
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(host.kinds.length, 1));
    const done = server.drain(500);
    await clock.advance(500);
    await done;
    await until(() => assert.ok(caller.closed));
  });

  it("closes callers that say nothing for idleTimeoutMs", async () => {
    const { caller, clock } = await setUp();
    await clock.advance(89_000);
    caller.send(emptyFrame(1, BoltType.REQUEST, BoltCommand.HEARTBEAT, 1, -1));
    await until(() => assert.equal(caller.frames.length, 1));
    await clock.advance(89_000);
    assert.equal(caller.closed, false);
    await clock.advance(1200);
    await until(() => assert.ok(caller.closed));
  });
});
