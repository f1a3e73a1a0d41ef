import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Unfit } from "../cluster/host.ts";
import { HessianWriter } from "../hessian/hessian-writer.ts";
import { oracle } from "../hessian/testing/oracle.ts";
import type { ListenerConfig } from "../model/listener.ts";
import type { RouterConfig } from "../model/route.ts";
import { FakeCaller } from "../multiplex/testing/fake-caller.ts";
import { FakeHost, type OnFrame } from "../multiplex/testing/fake-host.ts";
import { clusterOf, everythingToC, TestMesh } from "../multiplex/testing/test-mesh.ts";
import { until } from "../multiplex/testing/until.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { routeOf, routerOf } from "../testing/routing.ts";
import { DubboStatus, ResponseType } from "./constants.ts";
import type { DubboFrame } from "./dubbo-frame.ts";
import { createDubboServer } from "./dubbo-proxy.ts";
import { dubbo } from "./dubbo-wire.ts";
import { readErrorText } from "./read-response.ts";
import {
  encodeDubbo,
  heartbeat,
  heartbeatAck,
  readOnlyEvent,
  requestBody,
  responseBody,
} from "./write-dubbo.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function bodyOf(frame: DubboFrame): Buffer {
  return Buffer.from(frame.buffer.subarray(frame.bodyAt, frame.end));
}

/** Answers with the body of the request. */
const echo: OnFrame<DubboFrame> = (frame, socket) => {
  if (frame.kind === FrameKind.REQUEST) {
    socket.write(
      encodeDubbo(frame.serialization, DubboStatus.OK, frame.idHigh, frame.id, bodyOf(frame)),
    );
  }
  if (frame.kind === FrameKind.HEARTBEAT) socket.write(heartbeatAck(frame, DubboStatus.OK));
};

interface Options {
  readonly onFrame?: OnFrame<DubboFrame>;
  readonly router?: RouterConfig;
  readonly listener?: Partial<ListenerConfig>;
  readonly address?: string;
}

async function setUp({
  onFrame = echo,
  router = everythingToC,
  listener = {},
  address,
}: Options = {}) {
  const host = await FakeHost.start(dubbo, onFrame);
  cleanups.push(() => host.stop().catch(() => {}));
  const test = await TestMesh.create([clusterOf("c", [address ?? host.address])], router, listener);
  cleanups.push(() => test.close());
  const server = createDubboServer(test.scope);
  const caller = await FakeCaller.connect(dubbo, await test.serve(server));
  cleanups.push(() => caller.socket.destroy());
  await until(() => assert.equal(server.connections, 1)); // before the clock moves
  return { host, test, server, caller, clock: test.clock };
}

function request(
  idHigh: number,
  id: number,
  method = "echo",
  attachments: readonly (readonly [string, string])[] = [],
): Buffer {
  const args = new HessianWriter().text("hi").bytes();
  const body = requestBody({
    path: "com.test.Echo",
    method,
    descriptor: "Ljava/lang/String;",
    args,
    attachments,
  });
  return encodeDubbo(0xc2, 0, idHigh, id, body);
}

describe("dubbo proxy", () => {
  it("passes bodies on untouched, and answers under the caller's 64-bit id", async () => {
    const ids: number[][] = [];
    const { caller } = await setUp({
      onFrame: (frame, socket) => {
        ids.push([frame.idHigh, frame.id]);
        echo(frame, socket);
      },
    });
    const sent = [request(0x7fff_ffff, -1), request(-1, 0), request(5, 1)];
    caller.send(...sent);
    await until(() => assert.equal(caller.frames.length, 3));
    assert.deepEqual(caller.frames.map(({ idHigh, id }) => [idHigh, id]), [[0x7fff_ffff, -1], [-1, 0], [5, 1]]); // prettier-ignore
    assert.deepEqual(caller.frames.map(bodyOf), sent.map((bytes) => bytes.subarray(16))); // prettier-ignore
    assert.deepEqual(ids, [[0, 1], [0, 2], [0, 3]]); // prettier-ignore
  });

  it("passes on requests of other serializations, and their answers", async () => {
    const { caller, host } = await setUp();
    const json = Buffer.from('"2.0.2"\n"com.test.Echo"\n"1.0.0"\n"echo"\n');
    caller.send(
      encodeDubbo(0xc0 | 6, 0, 0, 7, json),
      encodeDubbo(0x80 | 22, 0, 0, 8, Buffer.from([1, 2])),
    );
    await until(() => assert.equal(caller.frames.length, 1));
    assert.deepEqual(caller.frames[0] && bodyOf(caller.frames[0]), json);
    assert.equal(caller.frames[0]?.serialization, 6);
    assert.deepEqual(host.kinds, [FrameKind.REQUEST, FrameKind.ONEWAY]);
  });

  it("routes by service, method and attachments", async () => {
    const { caller } = await setUp({
      router: routerOf([
        routeOf("c", { headers: [{ name: "service", exact: "com.test.Echo" }, { name: "method", exact: "echo" }, { name: "group", exact: "blue" }] }),
      ]), // prettier-ignore
    });
    caller.send(request(0, 1, "echo", [["group", "blue"]]), request(0, 2, "echo"), request(0, 3, "other", [["group", "blue"]])); // prettier-ignore
    await until(() => assert.equal(caller.frames.length, 3));
    const statuses = new Map(caller.frames.map(({ id, status }) => [id, status]));
    assert.deepEqual([1, 2, 3].map((id) => statuses.get(id)), [20, 60, 60]); // prettier-ignore
    const refused = caller.frames.find(({ id }) => id === 3);
    assert.ok(refused);
    assert.match(
      readErrorText(refused),
      /^NR: no route in router "r" matches \/com\.test\.Echo\/other/,
    );
    assert.match(String(oracle.decode(bodyOf(refused), "2.0")), /^NR: /);
  });

  it("answers heartbeats, and asks quiet hosts", async () => {
    const { caller, host, clock } = await setUp();
    caller.send(heartbeat(9), request(0, 1));
    await until(() => assert.equal(caller.frames.length, 2));
    assert.deepEqual([caller.frames[0]?.kind, caller.frames[0]?.id], [FrameKind.HEARTBEAT_ACK, 9]);
    await clock.advance(15_000);
    await until(() => assert.deepEqual(host.kinds, [FrameKind.REQUEST, FrameKind.HEARTBEAT]));
  });

  it("takes a host that says it only reads out of use", async () => {
    const { caller, test } = await setUp({
      onFrame: (frame, socket) => {
        socket.write(readOnlyEvent(0));
        echo(frame, socket);
      },
    });
    caller.send(request(0, 1));
    await until(() => assert.equal(test.mesh.clusters.get("c")?.hosts[0]?.unfit, Unfit.DRAINING));
    await until(() => assert.equal(caller.frames.length, 1));
    assert.equal(caller.frames[0]?.status, DubboStatus.OK);
  });

  it("tells callers from elsewhere that it only reads when it drains", async () => {
    const { caller, server, clock } = await setUp({ listener: { type: "ingress" } });
    caller.send(request(0, 1));
    await until(() => assert.equal(caller.frames.length, 1));
    const done = server.drain(5000);
    await until(() => assert.equal(caller.frames[1]?.kind, FrameKind.DRAIN));
    await clock.advance(200);
    await done;
    await until(() => assert.ok(caller.closed));
  });

  it("answers with a status when there is no connection, and when the time is over", async () => {
    const refused = await setUp({ address: "127.0.0.1:1" });
    refused.caller.send(request(0, 1));
    await until(() => assert.equal(refused.caller.frames[0]?.status, DubboStatus.CHANNEL_INACTIVE));
    const { caller, clock, host } = await setUp({ onFrame: () => {} });
    caller.send(request(0, 1, "echo", [["timeout", "250"]]));
    await until(() => assert.equal(host.kinds.length, 1));
    await clock.advance(250);
    await until(() => assert.equal(caller.frames[0]?.status, DubboStatus.SERVER_TIMEOUT));
  });

  it("answers an oversize request and serves the next", async () => {
    const { caller } = await setUp({
      listener: { limits: { maxBodyBytes: 1000, maxConnections: 0, idleTimeoutMs: 90_000 } },
    });
    caller.send(encodeDubbo(0xc2, 0, 3, 4, Buffer.alloc(5000)), request(0, 2));
    await until(() => assert.equal(caller.frames.length, 2));
    assert.deepEqual(caller.frames.map(({ idHigh, id, status }) => [idHigh, id, status]), [[3, 4, DubboStatus.BAD_REQUEST], [0, 2, DubboStatus.OK]]); // prettier-ignore
  });

  it("ends a connection at a malformed frame, and counts it", async () => {
    const { caller, test } = await setUp();
    caller.send(request(0, 1), Buffer.from("dabc", "hex"));
    await until(() => assert.ok(caller.closed));
    assert.equal(test.scope.malformed, 1);
  });

  it("passes exceptions on as the answers that they are", async () => {
    const body = responseBody(
      ResponseType.EXCEPTION,
      oracle.encode({ $class: "com.test.Oops", $: { detailMessage: "no" } }, "2.0"),
    );
    const { caller, test } = await setUp({
      onFrame: (frame, socket) => socket.write(encodeDubbo(2, 20, frame.idHigh, frame.id, body)),
    });
    caller.send(request(0, 1));
    await until(() => assert.equal(caller.frames.length, 1));
    assert.deepEqual(caller.frames[0] && bodyOf(caller.frames[0]), body);
    assert.equal(test.mesh.clusters.get("c")?.hosts[0]?.totals.success, 1);
  });
});
