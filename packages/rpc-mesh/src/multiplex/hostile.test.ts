// Callers and hosts whose bytes are damaged: whatever they send, calls end and the mesh serves on.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import type { BoltFrame } from "../bolt/bolt-frame.ts";
import { createBoltServer } from "../bolt/bolt-proxy.ts";
import { bolt } from "../bolt/bolt-wire.ts";
import { BoltCommand, BoltType } from "../bolt/constants.ts";
import { emptyFrame, encodeBolt } from "../bolt/write-bolt.ts";
import { DubboStatus } from "../dubbo/constants.ts";
import type { DubboFrame } from "../dubbo/dubbo-frame.ts";
import { createDubboServer } from "../dubbo/dubbo-proxy.ts";
import { dubbo } from "../dubbo/dubbo-wire.ts";
import { encodeDubbo, heartbeat, readOnlyEvent, requestBody } from "../dubbo/write-dubbo.ts";
import { HessianWriter } from "../hessian/hessian-writer.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { FakeCaller } from "./testing/fake-caller.ts";
import { FakeHost } from "./testing/fake-host.ts";
import { boltAnswer, boltRequest } from "./testing/fake-owner.ts";
import { mutate } from "./testing/read-frames.ts";
import { clusterOf, TestMesh } from "./testing/test-mesh.ts";
import { until } from "./testing/until.ts";
import { FrameKind, type Frame, type Wire } from "./wire.ts";
import type { MuxServer } from "./mux-server.ts";

const ROUNDS = 250;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Subject<F extends Frame> {
  readonly wire: Wire<F>;
  readonly serve: (test: TestMesh) => MuxServer<F>;
  readonly answer: (request: F) => Buffer;
  readonly requests: readonly Buffer[];
}

const args = new HessianWriter().text("hi").bytes();
const echoBody = requestBody({ path: "com.test.Echo", method: "echo", descriptor: "Ljava/lang/String;", args, attachments: [["timeout", "1000"]] }); // prettier-ignore

const ofBolt: Subject<BoltFrame> = {
  wire: bolt,
  serve: (test) => createBoltServer(test.scope, "bolt"),
  answer: (request) => boltAnswer(request),
  requests: [
    boltRequest(1, "hello"),
    boltRequest(2, "one-way", BoltType.ONEWAY),
    emptyFrame(1, BoltType.REQUEST, BoltCommand.HEARTBEAT, 3, -1),
    encodeBolt({ version: 2, type: 1, command: 1, id: 4, codec: 1, checked: true, variable: 100, className: "c", headers: [["service", "s"]], content: Buffer.alloc(50) }), // prettier-ignore
    emptyFrame(1, BoltType.REQUEST, BoltCommand.GOAWAY, 0, -1),
  ],
};

const ofDubbo: Subject<DubboFrame> = {
  wire: dubbo,
  serve: (test) => createDubboServer(test.scope),
  answer: ({ serialization, idHigh, id, buffer, bodyAt, end }) =>
    encodeDubbo(serialization, DubboStatus.OK, idHigh, id, buffer.subarray(bodyAt, end)),
  requests: [
    encodeDubbo(0xc2, 0, 0, 1, echoBody),
    encodeDubbo(0x82, 0, 0, 2, echoBody),
    heartbeat(3),
    encodeDubbo(0xc6, 0, 1, 4, Buffer.from('"2.0.2"\n')),
    readOnlyEvent(5),
  ],
};

async function setUp<F extends Frame>(subject: Subject<F>, damage: (bytes: Buffer) => Buffer) {
  const host = await FakeHost.start(subject.wire, (frame, socket) => {
    if (frame.kind === FrameKind.REQUEST) socket.write(damage(subject.answer(frame)));
  });
  cleanups.push(() => host.stop());
  const test = await TestMesh.create([clusterOf("c", [host.address])]);
  cleanups.push(() => test.close());
  const server = subject.serve(test);
  const port = await test.serve(server);
  return { host, test, server, port };
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

async function servesOn<F extends Frame>(subject: Subject<F>, port: number): Promise<void> {
  const caller = await FakeCaller.connect(subject.wire, port);
  cleanups.push(() => caller.socket.destroy());
  const [request] = subject.requests;
  assert.ok(request);
  caller.send(request);
  await until(() => assert.equal(caller.frames[0]?.kind, FrameKind.RESPONSE));
}

function hostile<F extends Frame>(name: string, subject: Subject<F>): void {
  describe(`hostile ${name}`, () => {
    it("callers end their own connections only", async () => {
      const random = seededRandom(3);
      const { test, server, port, host } = await setUp(subject, (bytes) => bytes);
      const closings: Promise<unknown>[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const socket = await opened(port);
        const bytes = mutate(Buffer.concat(subject.requests), random);
        const at = Math.floor(random() * bytes.length);
        socket.write(bytes.subarray(0, at));
        socket.end(bytes.subarray(at));
        socket.resume();
        closings.push(once(socket, "close"));
        if (round % 10 === 0) await closings.at(-1);
      }
      await Promise.all(closings);
      await until(() => assert.equal(server.connections, 0));
      await servesOn(subject, port);
      assert.ok(test.scope.malformed > 20);
      assert.equal(server.active, 0);
      assert.equal(test.mesh.clusters.get("c")?.hosts[0]?.active, 0);
      assert.ok(host.accepted < 5, "damaged callers do not cost connections to hosts");
    });

    it("hosts fail calls and nothing else", async () => {
      const random = seededRandom(4);
      let isDamaged = true;
      const { test, server, port } = await setUp(subject, (bytes) =>
        isDamaged ? mutate(bytes, random) : bytes,
      );
      const caller = await FakeCaller.connect(subject.wire, port);
      cleanups.push(() => caller.socket.destroy());
      const [request] = subject.requests;
      assert.ok(request);
      for (let round = 0; round < ROUNDS; round += 1) {
        caller.send(request);
        await new Promise((resolve) => setImmediate(resolve));
      }
      isDamaged = false;
      await until(() => assert.equal(test.calls, ROUNDS));
      await test.clock.advance(70_000);
      await until(() => assert.equal(server.active, 0));
      assert.equal(test.mesh.clusters.get("c")?.hosts[0]?.active, 0);
      await servesOn(subject, port);
    });
  });
}

hostile("bolt", ofBolt);
hostile("dubbo", ofDubbo);
