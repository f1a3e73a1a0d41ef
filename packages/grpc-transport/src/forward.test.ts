import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { GrpcClient } from "./client.ts";
import { Gateway } from "./testing/test-gateway.ts";
import { GrpcError } from "./grpc-error.ts";
import { Metadata } from "./metadata.ts";
import { ScriptedServer, okHeaders, type ScriptedPeer } from "./testing/scripted-server.ts";
import { GrpcServer } from "./server.ts";
import { Status, type StatusCode } from "./status.ts";
import {
  dataFrame,
  ErrorCode,
  Flag,
  FrameType,
  goawayFrame,
  grpcMessage,
  grpcRequestBlock,
  headerBlock,
  headersFrame,
  resetFrame,
  Setting,
  windowUpdateFrame,
} from "./testing/raw-frames.ts";
import { RawPeer } from "./testing/raw-peer.ts";
import { until } from "./testing/until.ts";

const hi = Buffer.from("hi");
const isStatus =
  (code: StatusCode, message = /^/) =>
  (error: unknown): boolean =>
    error instanceof GrpcError && error.code === code && message.test(error.message);

async function open(t: TestContext, upstreamPort: number, maxBufferedBytes?: number) {
  const gateway = new Gateway(upstreamPort, maxBufferedBytes);
  const { port = 0 } = await gateway.server.listen({ host: "127.0.0.1", port: 0 });
  const client = new GrpcClient({ host: "127.0.0.1", port });
  t.after(async () => {
    await client.close();
    await gateway.server.close();
    await gateway.upstream.close();
  });
  await until("the upstream", () => gateway.upstream.state === "ready");
  return { gateway, client, port };
}

/** A gateway before a server that does as it is told. */
async function scripted(t: TestContext, settings: [number, number][] = [], maxBuffered?: number) {
  const server = new ScriptedServer();
  server.settings = settings;
  t.after(() => server.close());
  const opened = await open(t, await server.listen(), maxBuffered);
  return { ...opened, server, peer: await server.peer() };
}

/** A gateway before a server of ours. */
async function real(t: TestContext) {
  const server = new GrpcServer();
  t.after(() => server.close());
  const { port: upstreamPort = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
  return { ...(await open(t, upstreamPort)), server };
}

async function raw(
  t: TestContext,
  port: number,
  settings: [number, number][] = [],
): Promise<RawPeer> {
  const peer = await RawPeer.connect({ port }, { settings });
  t.after(() => peer.destroy());
  return peer;
}

const arrived = (peer: ScriptedPeer, id: number): Promise<void> =>
  until(`stream ${id}`, () => peer.ended(id));

describe("ForwardedCall", () => {
  test("passes metadata, messages, trailers and errors both ways", async (t) => {
    const { server, client, gateway } = await real(t);
    server.addUnary("/t.T/Get", (call, message) => {
      call.setHeader("h", call.metadata.get("k") ?? "");
      call.setTrailer("t", "trailer");
      call.reply(Buffer.from(message));
    });
    server.addUnary("/t.T/Fail", (call) => call.fail(new GrpcError(Status.ABORTED, "nö")));
    server.addStream("/t.T/Chat", async (call) => {
      for await (const message of call) await call.send(message);
    });
    const metadata = Metadata.from([["k", "v"]]);
    const reply = await client.unary("/t.T/Get", hi, { metadata });
    assert.deepEqual([reply.headers.get("h"), reply.trailers.get("t")], ["v", "trailer"]);
    assert.equal(Buffer.from(reply.message).toString(), "hi");
    await assert.rejects(client.unary("/t.T/Fail", hi), isStatus(Status.ABORTED, /^nö$/));
    const large = Buffer.alloc(3_000_000, 7);
    assert.deepEqual((await client.unary("/t.T/Get", large)).message, large);
    const stream = client.stream("/t.T/Chat");
    void (async () => {
      for (let i = 0; i < 200; i++) await stream.send(Buffer.alloc(5000, i));
      stream.halfClose();
    })();
    let n = 0;
    for await (const message of stream) assert.equal(message[0], n++ & 255);
    assert.equal(n, 200);
    assert.equal(gateway.server.activeCalls, 0);
    assert.deepEqual(gateway.log.slice(0, 2), ["ended 0 7 7", "ended 10 7 0"]);
  });

  test("ends a complete call without a reset towards the upstream", async (t) => {
    const { client, peer } = await scripted(t);
    const call = client.unary("/t.T/Get", hi);
    await arrived(peer, 1);
    peer.answer(1, "yes");
    await call;
    const second = client.unary("/t.T/Get", hi);
    await arrived(peer, 3);
    peer.answer(3, "yes");
    await second;
    assert.ok(!peer.frames.some(({ type }) => type === FrameType.RST_STREAM));
  });

  test("cancels upstream when the caller does, and when its connection is lost", async (t) => {
    const { client, peer, port, gateway } = await scripted(t);
    const controller = new AbortController();
    const call = client.unary("/t.T/Get", hi, { signal: controller.signal });
    await arrived(peer, 1);
    controller.abort();
    await assert.rejects(call, isStatus(Status.CANCELLED));
    const caller = await raw(t, port);
    caller.request(1, "/t.T/Get", hi);
    await arrived(peer, 3);
    caller.destroy();
    await until("both resets", () => [1, 3].every((id) => peer.has(FrameType.RST_STREAM, id)));
    assert.deepEqual(gateway.log, ["ended 1 7 0", "ended 1 7 0"]);
  });

  test("says what the upstream's reset means, also after the answer began", async (t) => {
    const { client, peer } = await scripted(t);
    const early = assert.rejects(client.unary("/t.T/A", hi), isStatus(Status.RESOURCE_EXHAUSTED));
    await arrived(peer, 1);
    peer.write(resetFrame(1, ErrorCode.ENHANCE_YOUR_CALM));
    await early;
    const late = assert.rejects(client.unary("/t.T/B", hi), isStatus(Status.INTERNAL));
    await arrived(peer, 3);
    peer.write(headersFrame(3, okHeaders), resetFrame(3, ErrorCode.INTERNAL_ERROR));
    await late;
  });

  test("a call in flight on a connection that dies is lost, not sent again", async (t) => {
    const { client, peer, server } = await scripted(t);
    const call = assert.rejects(
      client.unary("/t.T/Get", hi),
      isStatus(Status.UNAVAILABLE, /^lost$/),
    );
    await arrived(peer, 1);
    peer.socket.destroy();
    await call;
    const again = await server.peer(1);
    assert.deepEqual(again.streams, []);
  });

  test("asks a caller to stop whose call is answered before its request ended", async (t) => {
    const { peer, port } = await scripted(t);
    const caller = await raw(t, port);
    caller.write(headersFrame(1, grpcRequestBlock("/t.T/Up")), dataFrame(1, grpcMessage(hi)));
    await until("the request", () => peer.bodyOf(1).length === 7);
    peer.write(
      headersFrame(
        1,
        headerBlock([
          [":status", "200"],
          ["content-type", "application/grpc"],
          ["grpc-status", "8"],
        ]),
        true,
      ),
    );
    assert.equal(await caller.waitForReset(1), ErrorCode.NO_ERROR);
    caller.write(dataFrame(1, grpcMessage(hi)));
    await caller.settled();
    assert.equal(peer.bodyOf(1).length, 7);
  });
});

describe("ForwardedCall sends again, exactly once each time", () => {
  const body = Buffer.from(Array.from({ length: 60_000 }, (_, i) => i * 31));

  test("after REFUSED_STREAM, all that came so far and all that follows", async (t) => {
    const { peer, port, gateway } = await scripted(t);
    peer.write(windowUpdateFrame(0, 100_000));
    const caller = await raw(t, port);
    caller.write(headersFrame(1, grpcRequestBlock("/t.T/Up")));
    for (let i = 0; i < 30_000; i += 10_000)
      caller.write(dataFrame(1, body.subarray(i, i + 10_000)));
    await until("half of it", () => peer.bodyOf(1).length === 30_000);
    peer.write(resetFrame(1, ErrorCode.REFUSED_STREAM));
    await until("half again", () => peer.bodyOf(3).length === 30_000);
    for (let i = 30_000; i < 60_000; i += 10_000) {
      caller.write(dataFrame(1, body.subarray(i, i + 10_000), i === 50_000));
    }
    await arrived(peer, 3);
    assert.deepEqual(peer.bodyOf(3), body);
    peer.answer(3, "yes");
    await caller.waitFor((f) => f.type === FrameType.HEADERS && (f.flags & Flag.END_STREAM) > 0);
    assert.deepEqual(gateway.log, ["unprocessed", "ended 0 60000 8"]);
  });

  test("after GOAWAY, on another connection than the one that goes", async (t) => {
    const { client, peer, server } = await scripted(t);
    const [older, newer] = [client.unary("/t.T/Get", hi), client.unary("/t.T/Get", hi)];
    await arrived(peer, 3);
    peer.write(goawayFrame(1, 0));
    const other = await server.peer(1);
    await arrived(other, 1);
    assert.deepEqual(other.bodyOf(1), grpcMessage(hi));
    peer.answer(1, "old");
    other.answer(1, "new");
    assert.equal(Buffer.from((await older).message).toString(), "old");
    assert.equal(Buffer.from((await newer).message).toString(), "new");
    assert.deepEqual(peer.streams, [1, 3]);
  });

  test("but not beyond what is kept", async (t) => {
    const { client, peer } = await scripted(t, [[Setting.INITIAL_WINDOW_SIZE, 1_000_000]]);
    peer.write(windowUpdateFrame(0, 1_000_000));
    const call = client.unary("/t.T/Up", Buffer.alloc(70_000));
    const rejected = assert.rejects(call, isStatus(Status.UNAVAILABLE, /^replay limit$/));
    await arrived(peer, 1);
    peer.write(resetFrame(1, ErrorCode.REFUSED_STREAM));
    await rejected;
    assert.deepEqual(peer.streams, [1]);
  });

  test("and not after the answer began", async (t) => {
    const { client, peer } = await scripted(t);
    const call = assert.rejects(client.unary("/t.T/Get", hi), isStatus(Status.UNAVAILABLE));
    await arrived(peer, 1);
    peer.write(headersFrame(1, okHeaders), resetFrame(1, ErrorCode.REFUSED_STREAM));
    await call;
    assert.deepEqual(peer.streams, [1]);
  });
});

describe("ForwardedCall.replaceFirstMessage", () => {
  test("puts another message before what follows, also when the call is sent again", async (t) => {
    const { peer, port, gateway } = await scripted(t);
    gateway.gathers = true;
    gateway.replacement = Buffer.from("a longer one");
    const caller = await raw(t, port);
    caller.write(
      headersFrame(1, grpcRequestBlock("/t.T/Up")),
      dataFrame(1, Buffer.concat([grpcMessage(hi), grpcMessage(hi).subarray(0, 3)])),
    );
    const begun = Buffer.concat([grpcMessage(gateway.replacement), grpcMessage(hi).subarray(0, 3)]);
    await until("its beginning", () => peer.bodyOf(1).length === begun.length);
    assert.deepEqual(peer.bodyOf(1), begun);
    peer.write(resetFrame(1, ErrorCode.REFUSED_STREAM));
    await until("its beginning again", () => peer.bodyOf(3).length === begun.length);
    caller.write(dataFrame(1, grpcMessage(hi).subarray(3), true));
    await arrived(peer, 3);
    assert.deepEqual(
      peer.bodyOf(3),
      Buffer.concat([grpcMessage(gateway.replacement), grpcMessage(hi)]),
    );
  });

  test("makes a message of an empty request", async (t) => {
    const { peer, port, gateway } = await scripted(t);
    gateway.gathers = true;
    gateway.replacement = hi;
    const caller = await raw(t, port);
    caller.write(headersFrame(1, grpcRequestBlock("/t.T/Get"), true));
    await arrived(peer, 1);
    assert.deepEqual(peer.bodyOf(1), grpcMessage(hi));
  });
});

describe("ForwardedCall.gatherFirstMessage", () => {
  test("waits for the first message however it comes, and passes it on unchanged", async (t) => {
    const { peer, port, gateway } = await scripted(t);
    gateway.gathers = true;
    const caller = await raw(t, port);
    const bytes = Buffer.concat([grpcMessage(Buffer.from("route me")), grpcMessage(hi)]);
    caller.write(headersFrame(1, grpcRequestBlock("/t.T/Up")));
    for (const octet of bytes.subarray(0, 12)) caller.write(dataFrame(1, Buffer.from([octet])));
    await caller.settled();
    assert.deepEqual(gateway.log, []);
    caller.write(dataFrame(1, bytes.subarray(12), true));
    await arrived(peer, 1);
    assert.deepEqual(gateway.log, ["first route me false"]);
    assert.deepEqual(peer.bodyOf(1), bytes);
  });

  test("goes on without a message when the request is empty", async (t) => {
    const { peer, port, gateway } = await scripted(t);
    gateway.gathers = true;
    const caller = await raw(t, port);
    caller.write(headersFrame(1, grpcRequestBlock("/t.T/Up"), true));
    await arrived(peer, 1);
    assert.deepEqual(gateway.log, ["first  false"]);
  });

  test("refuses a message over its limit by the prefix, takes one larger than a window", async (t) => {
    const { client, peer, gateway } = await scripted(t);
    gateway.gathers = true;
    const large = client.unary("/t.T/Up", Buffer.alloc(100_001));
    await assert.rejects(large, isStatus(Status.RESOURCE_EXHAUSTED, /100001 vs\. 100000/));
    assert.deepEqual(peer.streams, []);
    void client.unary("/t.T/Up", Buffer.alloc(90_000)).catch(() => {});
    await until("a window's worth", () => peer.bodyOf(1).length === 65_535);
  });
});

describe("ForwardedCall back-pressure", () => {
  test("a caller that stops reading stalls its own call alone, with bounded memory", async (t) => {
    const { server, client, port, gateway } = await real(t);
    let sent = 0;
    server.addStream("/t.T/Flood", async (call) => {
      const piece = Buffer.alloc(16_000);
      for (; !call.cancelled; sent += piece.length) await call.send(piece);
    });
    server.addUnary("/t.T/Get", (call) => call.reply(hi));
    const lazy = await raw(t, port, [[Setting.INITIAL_WINDOW_SIZE, 65_535]]);
    lazy.write(headersFrame(1, grpcRequestBlock("/t.T/Flood"), true));
    lazy.request(3, "/t.T/Flood", hi);
    await until("the flood", () => sent > 200_000);
    for (let i = 0; i < 200; i++) await client.unary("/t.T/Get", hi);
    const before = sent;
    for (let i = 0; i < 200; i++) await client.unary("/t.T/Get", hi);
    assert.equal(sent, before, "the flood has stopped");
    assert.ok(sent < 3_000_000, `${sent} bytes were taken for a caller that does not read`);
    lazy.destroy();
    await until("the end of the flood", () => server.activeCalls === 0);
    assert.equal(gateway.server.activeCalls, 0);
  });

  test("an upstream that stops reading stops the caller, and its window is given back in the end", async (t) => {
    const { client, peer } = await scripted(t, [[Setting.INITIAL_WINDOW_SIZE, 1000]]);
    const stream = client.stream("/t.T/Up");
    let sent = 0;
    const sending = (async () => {
      for (let i = 0; i < 100; i++, sent++) await stream.send(Buffer.alloc(10_000, i));
      stream.halfClose();
    })();
    await until("the first octets", () => peer.bodyOf(1).length === 1000);
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
    assert.ok(sent < 30, `${sent} messages were taken`);
    peer.write(windowUpdateFrame(0, 2_000_000), windowUpdateFrame(1, 2_000_000));
    await arrived(peer, 1);
    await sending;
    const expected = Array.from({ length: 100 }, (_, i) => grpcMessage(Buffer.alloc(10_000, i)));
    assert.deepEqual(peer.bodyOf(1), Buffer.concat(expected));
    stream.cancel();
  });

  test("what is held for one caller's connection is bounded, and freed with its calls", async (t) => {
    const { peer, port, client } = await scripted(t, [[Setting.INITIAL_WINDOW_SIZE, 0]], 200_000);
    const caller = await raw(t, port);
    for (let id = 1; id < 20; id += 2) {
      caller.write(headersFrame(id, grpcRequestBlock("/t.T/Up")));
      for (let i = 0; i < 4; i++) caller.write(dataFrame(id, Buffer.alloc(15_000)));
    }
    const refused = await caller.waitFor((f) => f.type === FrameType.HEADERS);
    assert.ok(refused.streamId > 3, `stream ${refused.streamId}`);
    await caller.settled();
    for (let id = 1; id < 20; id += 2) caller.write(resetFrame(id));
    await caller.settled();
    const reset = peer.streams.length;
    caller.write(
      headersFrame(101, grpcRequestBlock("/t.T/Up")),
      dataFrame(101, Buffer.alloc(15_000)),
    );
    await until("the next call", () => peer.streams.length === reset + 1);
    await caller.settled();
    assert.ok(!caller.frames.some((f) => f.streamId === 101 && f.type === FrameType.HEADERS));
    assert.equal(client.state, "idle");
  });
});
