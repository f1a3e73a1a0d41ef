import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { defaultBalancer } from "../config/defaults.ts";
import { FakeCaller } from "../multiplex/testing/fake-caller.ts";
import { FakeHost, type OnFrame } from "../multiplex/testing/fake-host.ts";
import { boltAnswer, boltRequest } from "../multiplex/testing/fake-owner.ts";
import { clusterOf, TestMesh } from "../multiplex/testing/test-mesh.ts";
import { advanceUntil, until } from "../multiplex/testing/until.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { forwardTo, hostOf, routeOf, routerOf } from "../testing/routing.ts";
import type { BoltFrame } from "./bolt-frame.ts";
import { readHeaders } from "./bolt-headers.ts";
import { createBoltServer } from "./bolt-proxy.ts";
import { bolt } from "./bolt-wire.ts";
import { BoltCommand, BoltStatus, BoltType } from "./constants.ts";
import { emptyFrame, encodeBolt } from "./write-bolt.ts";
import {
  cleanUp,
  cleanups,
  contentOf,
  echo,
  headerOf,
  only,
  type Options,
  retried,
  retry,
  setUp,
} from "./testing/bolt-proxy.ts";

afterEach(cleanUp);

describe("bolt proxy", () => {
  it("passes requests on as they are but for the id, and answers under the caller's", async () => {
    const seen: string[] = [];
    const { host, caller } = await setUp({
      onFrame: (frame, socket) => {
        seen.push(
          frame.buffer.toString("hex", frame.start, frame.start + 5) +
            frame.buffer.toString("hex", frame.start + 9, frame.end),
        );
        echo(frame, socket);
      },
    });
    const ids = [0x7fff_ffff, -1, 0];
    caller.send(...ids.map((id) => boltRequest(id, `m${id}`)));
    await until(() => assert.equal(caller.frames.length, 3));
    assert.deepEqual(caller.frames.map(({ id }) => id), ids); // prettier-ignore
    assert.deepEqual(caller.frames.map(contentOf), ids.map((id) => `m${id}`)); // prettier-ignore
    assert.equal(host.accepted, 1);
    const sent = boltRequest(0, "m0").toString("hex");
    assert.equal(seen[2], sent.slice(0, 10) + sent.slice(18));
  });

  it("passes large requests and answers through, however they are cut", async () => {
    const { caller } = await setUp();
    const large = "x".repeat(1_000_000);
    const bytes = boltRequest(5, large);
    for (let at = 0; at < bytes.length; at += 99_991)
      caller.socket.write(bytes.subarray(at, at + 99_991));
    await until(() => assert.equal(caller.frames.length, 1));
    assert.equal(contentOf(only(caller)), large);
  });

  it("sends one-way requests on and answers nothing, also when it cannot", async () => {
    const { host, caller, clock } = await setUp();
    caller.send(boltRequest(1, "a", BoltType.ONEWAY), boltRequest(2, "b"));
    await until(() => assert.equal(caller.frames.length, 1));
    assert.deepEqual(host.kinds, [FrameKind.ONEWAY, FrameKind.REQUEST]);
    await host.stop();
    caller.send(boltRequest(3, "c", BoltType.ONEWAY), boltRequest(4, "d"));
    await until(() => {
      void clock.advance(1); // what the ending connection refuses is sent once more
      assert.equal(caller.frames.length, 2);
    });
    assert.deepEqual(caller.frames.map(({ id }) => id), [2, 4]); // prettier-ignore
  });

  it("speaks the version of the cluster to the host, and the caller's to the caller", async () => {
    const versions: number[] = [];
    const onFrame: OnFrame<BoltFrame> = (frame, socket) => {
      versions.push(frame.version);
      echo(frame, socket);
    };
    const { caller } = await setUp({ onFrame, cluster: { protocol: "boltv2" } });
    const two = encodeBolt({ version: 2, type: 1, command: 1, id: 8, codec: 1, checked: true, variable: 100, className: "c", headers: [], content: Buffer.from("two") }); // prettier-ignore
    caller.send(boltRequest(7, "one"), two);
    await until(() => assert.equal(caller.frames.length, 2));
    assert.deepEqual(versions, [2, 2]);
    assert.deepEqual(caller.frames.map(({ version, id, checked }) => [version, id, checked]), [[1, 7, false], [2, 8, true]]); // prettier-ignore
    assert.deepEqual(caller.frames.map(contentOf), ["one", "two"]);
  });

  it("routes by headers, and changes them where the route says so", async () => {
    const changes = { requestAdd: [["x-zone", "z1"]], requestRemove: ["service"], responseAdd: [["x-by", "mesh"]], responseRemove: [] } as const; // prettier-ignore
    const route = routeOf(
      "c",
      { headers: [{ name: "service", exact: "s" }] },
      { headers: changes },
    );
    let headers: unknown;
    const { caller } = await setUp({
      router: routerOf([route]),
      onFrame: (frame, socket) => {
        headers = readHeaders(frame.buffer, frame.headersAt, frame.contentAt);
        echo(frame, socket);
      },
    });
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(caller.frames.length, 1));
    assert.deepEqual(headers, [["x-zone", "z1"]]);
    assert.equal(headerOf(only(caller), "x-by"), "mesh");
    assert.equal(contentOf(only(caller)), "a");
  });

  it("answers heartbeats by itself", async () => {
    const { host, caller } = await setUp();
    caller.send(emptyFrame(1, BoltType.REQUEST, BoltCommand.HEARTBEAT, 42, 1000));
    caller.send(emptyFrame(2, BoltType.REQUEST, BoltCommand.HEARTBEAT, 43, 1000));
    await until(() => assert.equal(caller.frames.length, 2));
    assert.deepEqual(caller.frames.map(({ kind, id, version }) => [kind, id, version]), [[FrameKind.HEARTBEAT_ACK, 42, 1], [FrameKind.HEARTBEAT_ACK, 43, 2]]); // prettier-ignore
    assert.equal(host.accepted, 0);
  });

  it("answers with a status when there is no route, no cluster, no host, no connection", async () => {
    const cases: [Options, number, RegExp][] = [
      [{ router: routerOf([routeOf("c", { headers: [{ name: "service", exact: "x" }] })]) }, BoltStatus.NO_PROCESSOR, /^no route/],
      [{ router: routerOf([routeOf("gone")]) }, BoltStatus.NO_PROCESSOR, /"gone"/],
      [{ cluster: { source: { type: "static", hosts: [] } } }, BoltStatus.ERROR_COMM, /no hosts/],
      [{ cluster: { source: { type: "static", hosts: [{ address: "127.0.0.1:1" }] } } }, BoltStatus.ERROR_COMM, /cannot connect to 127\.0\.0\.1:1/],
      [{ cluster: { protocol: "dubbo" } }, BoltStatus.ERROR_COMM, /speaks dubbo/],
    ]; // prettier-ignore
    for (const [options, status, text] of cases) {
      const { caller } = await setUp(options);
      caller.send(boltRequest(9, "a"));
      await until(() => assert.equal(caller.frames.length, 1));
      const answer = only(caller);
      assert.equal(answer.status, status);
      assert.equal(answer.id, 9);
      assert.match(headerOf(answer, "x-mesh-message") ?? "", text);
    }
  });

  it("takes the caller's timeout for its own", async () => {
    const { caller, clock, host } = await setUp({ onFrame: () => {} });
    caller.send(boltRequest(1, "a")); // 1000 ms
    await until(() => assert.equal(host.kinds.length, 1));
    await clock.advance(999);
    assert.equal(caller.frames.length, 0);
    await clock.advance(1);
    await until(() => assert.equal(caller.frames.length, 1));
    assert.equal(only(caller).status, BoltStatus.TIMEOUT);
  });

  it("tries again on another connection when the host turns the request away", async () => {
    let turns = 0;
    const { caller, clock, test } = await setUp({
      router: routerOf([routeOf("c", {}, { action: { ...retried, retry: { ...retry, statusCodes: [BoltStatus.SERVER_THREADPOOL_BUSY] } } })]), // prettier-ignore
      onFrame: (frame, socket) => {
        turns += 1;
        socket.write(
          boltAnswer(frame, undefined, turns === 1 ? BoltStatus.SERVER_THREADPOOL_BUSY : 0),
        );
      },
    });
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(test.retries, 1));
    await advanceUntil(clock, () => test.attempts === 2);
    await until(() => assert.equal(caller.frames.length, 1));
    assert.equal(only(caller).status, 0);
    assert.equal(contentOf(only(caller)), "a");
  });

  it("does not send again what the host may have run", async () => {
    const { caller, host, clock } = await setUp({
      router: routerOf([routeOf("c", {}, { action: retried })]),
      onFrame: (_frame, socket) => setImmediate(() => socket.resetAndDestroy()),
    });
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(caller.frames.length, 1));
    await clock.advance(900);
    assert.equal(host.kinds.length, 1);
    assert.equal(only(caller).status, BoltStatus.ERROR_COMM);
  });

  it("answers an oversize request and serves the next", async () => {
    const { caller, host } = await setUp({
      listener: { limits: { maxBodyBytes: 1000, maxConnections: 0, idleTimeoutMs: 90_000 } },
    });
    caller.send(
      boltRequest(1, "x".repeat(1001)),
      boltRequest(3, "x".repeat(300_000)),
      boltRequest(2, "x".repeat(1000)),
    );
    await until(() => assert.equal(caller.frames.length, 3));
    assert.deepEqual(caller.frames.map(({ id, status }) => [id, status]), [[1, BoltStatus.SERVER_EXCEPTION], [3, BoltStatus.SERVER_EXCEPTION], [2, 0]]); // prettier-ignore
    assert.equal(host.kinds.length, 1);
  });

  it("sends copies to a mirror and drops their answers", async () => {
    const mirror = await FakeHost.start(bolt, echo);
    cleanups.push(() => mirror.stop());
    const host = await FakeHost.start(bolt, echo);
    cleanups.push(() => host.stop());
    const action = forwardTo("c", { mirrors: [{ cluster: "m", percent: 100, amplification: 2 }] });
    const router = routerOf([routeOf("c", {}, { action })]);
    const test = await TestMesh.create(
      [clusterOf("c", [host.address]), clusterOf("m", [mirror.address])],
      router,
    );
    cleanups.push(() => test.close());
    const caller = await FakeCaller.connect(
      bolt,
      await test.serve(createBoltServer(test.scope, "bolt")),
    );
    cleanups.push(() => caller.socket.destroy());
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(mirror.kinds.length, 2));
    await until(() => assert.equal(caller.frames.length, 1));
  });

  it("keeps nothing of copies that a mirror never answers", async () => {
    const mirror = await FakeHost.start(bolt, () => {});
    const host = await FakeHost.start(bolt, echo);
    cleanups.push(() => mirror.stop(), () => host.stop()); // prettier-ignore
    const action = forwardTo("c", { mirrors: [{ cluster: "m", percent: 100, amplification: 1 }] });
    const clusters = [clusterOf("c", [host.address]), clusterOf("m", [mirror.address])];
    const test = await TestMesh.create(clusters, routerOf([routeOf("c", {}, { action })]));
    cleanups.push(() => test.close());
    const port = await test.serve(createBoltServer(test.scope, "bolt"));
    const caller = await FakeCaller.connect(bolt, port);
    cleanups.push(() => caller.socket.destroy());
    caller.send(boltRequest(1, "a"));
    await until(() => assert.deepEqual(mirror.kinds, [FrameKind.REQUEST]));
    // A connection whose host has gone closes when nobody waits for answers.
    test.mesh.clusters.get("m")?.setHosts([]);
    await until(() => assert.equal(mirror.sockets.size, 0));
  });

  it("says a class in another version that Java could not read, in requests and answers", async () => {
    const long = (type: number, command: number, id: number, version: number): Buffer => {
      const content = Buffer.alloc(40_001, "c");
      const frame = encodeBolt({ version, type, command, id, codec: 1, checked: false, variable: 0, className: "", headers: [], content }); // prettier-ignore
      const lengthsAt = frame.length - content.length - 8;
      frame.writeUInt16BE(40_000, lengthsAt);
      frame.writeUInt32BE(1, lengthsAt + 4);
      return frame;
    };
    const classes: number[] = [];
    const host = await FakeHost.start(bolt, (frame, socket) => {
      if (frame.kind !== FrameKind.REQUEST) return;
      classes.push(frame.headersAt - frame.classAt);
      socket.write(long(BoltType.RESPONSE, BoltCommand.RESPONSE, frame.id, 2));
    });
    cleanups.push(() => host.stop());
    const test = await TestMesh.create([clusterOf("c", [host.address], { protocol: "boltv2" })]);
    cleanups.push(() => test.close());
    const port = await test.serve(createBoltServer(test.scope, "bolt"));
    const caller = await FakeCaller.connect(bolt, port);
    cleanups.push(() => caller.socket.destroy());
    caller.send(long(BoltType.REQUEST, BoltCommand.REQUEST, 1, 1));
    await until(() => assert.equal(caller.frames.length, 1));
    assert.deepEqual(classes, [40_000]);
    const answer = only(caller);
    assert.deepEqual([answer.version, answer.headersAt - answer.classAt], [1, 40_000]);
  });

  it("routes by virtual hosts that fit every name", async () => {
    const { caller } = await setUp({
      router: { name: "r", virtualHosts: [hostOf(["*"], [routeOf("c")])] },
    });
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(caller.frames.length, 1));
  });
});

describe("bolt proxy attempts", () => {
  it("gives a slow attempt up, takes another host, and drops the late answer", async () => {
    const late: (() => void)[] = [];
    const slow = await FakeHost.start(bolt, (frame, socket) => {
      const answer = boltAnswer(frame, "late");
      late.push(() => socket.write(answer));
    });
    const fast = await FakeHost.start(bolt, (frame, socket) =>
      socket.write(boltAnswer(frame, "fast")),
    );
    cleanups.push(() => slow.stop(), () => fast.stop()); // prettier-ignore
    const action = {
      ...retried,
      perTryTimeoutMs: 100,
      idempotent: true,
      retry: { ...retry, on: ["timeout"] },
    } as const;
    const config = clusterOf("c", [slow.address, fast.address], { balancer: { ...defaultBalancer, policy: "request_round_robin" } }); // prettier-ignore
    const test = await TestMesh.create([config], routerOf([routeOf("c", {}, { action })]));
    cleanups.push(() => test.close());
    const caller = await FakeCaller.connect(
      bolt,
      await test.serve(createBoltServer(test.scope, "bolt")),
    );
    cleanups.push(() => caller.socket.destroy());
    caller.send(boltRequest(1, "a"));
    await until(() => assert.equal(late.length, 1));
    await test.clock.advance(100);
    assert.equal(test.retries, 1);
    await advanceUntil(test.clock, () => test.attempts === 2);
    await until(() => assert.equal(caller.frames.length, 1));
    assert.equal(contentOf(only(caller)), "fast");
    late[0]?.();
    caller.send(boltRequest(2, "b", BoltType.ONEWAY));
    await until(() => assert.ok(slow.kinds.length + fast.kinds.length >= 3));
    assert.equal(caller.frames.length, 1);
    for (const host of test.mesh.clusters.get("c")?.hosts ?? []) assert.equal(host.active, 0);
  });
});
