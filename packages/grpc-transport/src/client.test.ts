import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { GrpcClient, type ConnectionState } from "./client.ts";
import type { Http2Connection } from "./connection/connection.ts";
import { okHeaders } from "./testing/scripted-server.ts";
import { GrpcServer } from "./server.ts";
import { Status } from "./status.ts";
import {
  dataFrame,
  ErrorCode,
  FrameType,
  goawayFrame,
  grpcMessage,
  headerBlock,
  headersFrame,
  resetFrame,
  Setting,
} from "./testing/raw-frames.ts";
import { freePort } from "./testing/free-port.ts";
import { until } from "./testing/until.ts";
import { hi, isStatus, scripted } from "./testing/scripted-client.ts";

describe("GrpcClient.state", () => {
  test("goes from idle over connecting to ready, and to closed for good", async (t) => {
    const { server, client } = await scripted(t);
    const seen: ConnectionState[] = [];
    const stop = client.onState((state) => seen.push(state));
    assert.equal(client.state, "idle");
    const call = client.unary("/t.T/Get", hi);
    const peer = await server.peer();
    await until("the call", () => peer.ended(1));
    peer.answer(1, "yes");
    assert.equal(Buffer.from((await call).message).toString(), "yes");
    await client.close();
    assert.deepEqual(seen, ["connecting", "ready", "closed"]);
    stop();
    await assert.rejects(client.unary("/t.T/Get", hi), isStatus(Status.UNAVAILABLE, /closed/));
    client.connect();
    assert.equal(client.state, "closed");
  });

  test("backs off while nobody listens and connects when somebody does", async (t) => {
    const port = await freePort();
    const client = new GrpcClient({ host: "127.0.0.1", port }, { backoffMs: 5, maxBackoffMs: 20 });
    t.after(() => client.close());
    await assert.rejects(
      client.unary("/t.T/Get", hi),
      isStatus(Status.UNAVAILABLE, /ECONNREFUSED/),
    );
    assert.equal(client.state, "transient-failure");
    await assert.rejects(client.unary("/t.T/Get", hi), isStatus(Status.UNAVAILABLE));
    const patient = client.unary("/t.T/Get", hi, { waitForReady: true });
    const server = new GrpcServer();
    t.after(() => server.close());
    server.addUnary("/t.T/Get", (call) => call.reply(hi));
    await server.listen({ host: "127.0.0.1", port });
    assert.equal(Buffer.from((await patient).message).toString(), "hi");
  });

  test("fails calls instead of hanging when the target is impossible", async (t) => {
    const client = new GrpcClient({ host: "127.0.0.1", port: 70_000 });
    t.after(() => client.close());
    await assert.rejects(client.unary("/t.T/Get", hi), isStatus(Status.UNAVAILABLE, /Port/));
  });

  test("close ends calls that wait for a connection, and the attempt to connect", async (t) => {
    const { client } = await scripted(t);
    const call = assert.rejects(
      client.unary("/t.T/Get", hi),
      isStatus(Status.UNAVAILABLE, /closed/),
    );
    assert.equal(client.state, "connecting");
    await client.close();
    await call;
  });

  test("a server that goes away leaves a persistent client connecting again", async (t) => {
    const { server, client } = await scripted(t, { persistent: true });
    client.connect();
    const first = await server.peer(0);
    await until("ready", () => client.state === "ready");
    first.write(goawayFrame(0, 0));
    await server.peer(1);
    await until("ready again", () => client.state === "ready");
    server.peers[1]?.socket.destroy();
    await server.peer(2);
    await until("ready a third time", () => client.state === "ready");
  });

  test("a broken protocol is a failure at once", async (t) => {
    const { server, client } = await scripted(t, { backoffMs: 60_000 });
    const call = assert.rejects(client.unary("/t.T/Get", hi), isStatus(Status.UNAVAILABLE));
    const peer = await server.peer();
    await until("the call", () => peer.ended(1));
    peer.write(headersFrame(2, okHeaders));
    await call;
    assert.equal(client.state, "transient-failure");
    assert.match(client.lastConnectError, /invalid stream/);
  });
});

describe("GrpcClient.unary sends again only what no server acted on", () => {
  test("after REFUSED_STREAM", async (t) => {
    const { server, client } = await scripted(t);
    const call = client.unary("/t.T/Get", hi);
    const peer = await server.peer();
    await until("the call", () => peer.ended(1));
    peer.write(resetFrame(1, ErrorCode.REFUSED_STREAM));
    await until("the call again", () => peer.ended(3));
    assert.deepEqual(peer.bodyOf(3), grpcMessage(hi));
    peer.answer(3, "yes");
    await call;
    assert.deepEqual(peer.streams, [1, 3]);
  });

  test("but not for ever", async (t) => {
    const { server, client } = await scripted(t);
    const call = assert.rejects(client.unary("/t.T/Get", hi), isStatus(Status.UNAVAILABLE));
    const peer = await server.peer();
    for (let id = 1; id <= 11; id += 2) {
      await until("the call", () => peer.ended(id));
      peer.write(resetFrame(id, ErrorCode.REFUSED_STREAM));
    }
    await call;
    assert.equal(peer.streams.length, 6);
  });

  test("after GOAWAY, on a new connection, while older calls finish on the old one", async (t) => {
    const { server, client } = await scripted(t);
    const [older, newer] = [client.unary("/t.T/Get", hi), client.unary("/t.T/Get", hi)];
    const first = await server.peer(0);
    await until("both calls", () => first.ended(3));
    first.write(goawayFrame(1, 0));
    const second = await server.peer(1);
    await until("the call again", () => second.ended(1));
    first.answer(1, "old");
    second.answer(1, "new");
    assert.equal(Buffer.from((await older).message).toString(), "old");
    assert.equal(Buffer.from((await newer).message).toString(), "new");
  });

  test("never after a lost connection, another reset, or response headers", async (t) => {
    const { server, client } = await scripted(t);
    const lost = assert.rejects(client.unary("/t.T/A", hi), isStatus(Status.UNAVAILABLE, /lost/));
    const reset = assert.rejects(client.unary("/t.T/B", hi), isStatus(Status.INTERNAL));
    const begun = assert.rejects(
      client.unary("/t.T/C", hi),
      isStatus(Status.UNAVAILABLE, /refused/),
    );
    const peer = await server.peer();
    await until("the calls", () => peer.ended(5));
    peer.write(resetFrame(3, ErrorCode.INTERNAL_ERROR));
    peer.write(headersFrame(5, okHeaders), resetFrame(5, ErrorCode.REFUSED_STREAM));
    await Promise.all([reset, begun]);
    peer.socket.destroy();
    await lost;
    assert.deepEqual(peer.streams, [1, 3, 5]);
    assert.equal(server.peers.length, 1);
  });
});

describe("GrpcClient calls end", () => {
  test("with the deadline: the server is told, the signal is forgotten", async (t) => {
    const { server, client } = await scripted(t);
    const { signal } = new AbortController();
    client.connect();
    const peer = await server.peer();
    await until("ready", () => client.state === "ready");
    const call = client.unary("/t.T/Get", hi, { timeoutMs: 50, signal });
    await assert.rejects(call, isStatus(Status.DEADLINE_EXCEEDED));
    await until("the reset", () => peer.has(FrameType.RST_STREAM, 1));
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  test("before they are sent when the deadline has passed", async (t) => {
    const { server, client } = await scripted(t);
    client.connect();
    const peer = await server.peer();
    await until("ready", () => client.state === "ready");
    const late = client.unary("/t.T/Get", hi, { deadlineMs: Date.now() - 1 });
    await assert.rejects(late, isStatus(Status.DEADLINE_EXCEEDED));
    void client.unary("/t.T/Get", Buffer.from("in time")).catch(() => {});
    const inTime = (id: number): boolean => peer.bodyOf(id).includes("in time");
    await until("a call in time", () => peer.streams.some(inTime));
    assert.deepEqual(peer.streams, [1]);
  });

  test("with the signal, before and after they are sent", async (t) => {
    const { server, client } = await scripted(t);
    const aborted = client.unary("/t.T/Get", hi, { signal: AbortSignal.abort() });
    await assert.rejects(aborted, isStatus(Status.CANCELLED));
    const controller = new AbortController();
    const call = client.unary("/t.T/Get", hi, { signal: controller.signal });
    const peer = await server.peer();
    await until("the call", () => peer.ended(1));
    controller.abort();
    await assert.rejects(call, isStatus(Status.CANCELLED));
    await until("the reset", () => peer.has(FrameType.RST_STREAM, 1));
  });

  test("when the server ends the stream without trailers, of either kind", async (t) => {
    const { server, client } = await scripted(t);
    const unary = assert.rejects(client.unary("/t.T/Get", hi), isStatus(Status.INTERNAL, /status/));
    const peer = await server.peer();
    await until("the call", () => peer.ended(1));
    const ending = (id: number): Buffer[] => [
      headersFrame(id, okHeaders),
      dataFrame(id, grpcMessage(hi), true),
    ];
    peer.write(...ending(1));
    await unary;
    const stream = client.stream("/t.T/Chat");
    await until("the stream", () => peer.streams.includes(3));
    peer.write(...ending(3));
    await assert.rejects(stream.trailers, isStatus(Status.INTERNAL, /status/));
  });

  test("with the status of HTTP or of a content-type that is not gRPC's", async (t) => {
    const { server, client } = await scripted(t);
    const proxied = assert.rejects(client.unary("/t.T/A", hi), isStatus(Status.UNAVAILABLE, /503/));
    const html = assert.rejects(client.unary("/t.T/B", hi), isStatus(Status.UNKNOWN, /text\/html/));
    const peer = await server.peer();
    await until("the calls", () => peer.ended(3));
    peer.write(headersFrame(1, headerBlock([[":status", "503"]]), true));
    peer.write(
      headersFrame(
        3,
        headerBlock([
          [":status", "200"],
          ["content-type", "text/html"],
        ]),
      ),
    );
    await Promise.all([proxied, html]);
  });

  test("only that call when its callback throws", async (t) => {
    const faults: unknown[] = [];
    const { server, client } = await scripted(t, { onError: (error) => faults.push(error) });
    client.unaryCallback("/t.T/Get", hi, {}, () => {
      throw new Error("bug");
    });
    const call = client.unary("/t.T/Get", hi);
    const peer = await server.peer();
    await until("the calls", () => peer.ended(3));
    peer.answer(1, "a");
    peer.answer(3, "b");
    assert.equal(Buffer.from((await call).message).toString(), "b");
    assert.match(String(faults), /bug/);
  });
});

describe("GrpcClient waiting calls", () => {
  test("start when a stream ends, in order", async (t) => {
    const { server, client } = await scripted(t, {}, [[Setting.MAX_CONCURRENT_STREAMS, 1]]);
    const calls = [1, 2, 3].map((n) => client.unary(`/t.T/${n}`, Buffer.from([n])));
    const peer = await server.peer();
    for (const [n, id] of [
      [1, 1],
      [2, 3],
      [3, 5],
    ] as const) {
      await until(`call ${n}`, () => peer.ended(id));
      assert.deepEqual(peer.bodyOf(id), grpcMessage(Buffer.from([n])));
      assert.equal(peer.streams.length, n);
      peer.answer(id, "yes");
    }
    await Promise.all(calls);
  });

  test("are limited, and those that gave up do not count", async (t) => {
    const { client } = await scripted(t, { maxWaitingCalls: 3 }, [
      [Setting.MAX_CONCURRENT_STREAMS, 0],
    ]);
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController();
      const options = { signal: controller.signal, waitForReady: true };
      const calls = [1, 2, 3].map(() => client.unary("/t.T/Get", hi, options));
      const tooMany = client.unary("/t.T/Get", hi, options);
      await assert.rejects(tooMany, isStatus(Status.UNAVAILABLE, /too many/));
      controller.abort();
      for (const call of calls) await assert.rejects(call, isStatus(Status.CANCELLED));
    }
  });

  test("acquire gives a connection, or null when time or patience is over", async (t) => {
    const { server, client } = await scripted(t);
    const acquire = (ms: number, signal?: AbortSignal): Promise<Http2Connection | null> =>
      new Promise((resolve) => client.acquire(ms, signal, resolve));
    assert.equal(await acquire(5000, AbortSignal.abort()), null);
    const connection = await acquire(5000);
    assert.ok(connection?.available);
    let sync: unknown;
    client.acquire(5000, undefined, (found) => (sync = found));
    assert.equal(sync, connection, "at once when there is one");
    (await server.peer()).write(goawayFrame(0, 0));
    const port = await freePort();
    const nobody = new GrpcClient({ host: "127.0.0.1", port });
    t.after(() => nobody.close());
    const none = await new Promise((resolve) => nobody.acquire(20, undefined, resolve));
    assert.equal(none, null);
  });
});

describe("GrpcClient.stream", () => {
  test("keeps the order of compressed messages and their end, awaited or not", async (t) => {
    const server = new GrpcServer();
    t.after(() => server.close());
    server.addStream("/t.T/Chat", async (call) => {
      for await (const message of call) {
        call.compress = true;
        void call.send(Buffer.from(message));
        await call.send(Buffer.alloc(0));
      }
    });
    const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
    const client = new GrpcClient({ host: "127.0.0.1", port });
    t.after(() => client.close());
    const stream = client.stream("/t.T/Chat", { compress: true });
    // What takes long to compress comes before what does not.
    const sent = [2_000_000, 1, 500_000, 2].map((size) => randomBytes(size));
    for (const message of sent) void stream.send(message);
    stream.halfClose();
    const seen: number[] = [];
    for await (const message of stream) seen.push(message.length);
    assert.deepEqual(seen, [2_000_000, 0, 1, 0, 500_000, 0, 2, 0]);
  });

  test("waits to send while the server does not read", async (t) => {
    const { server, client } = await scripted(t);
    const stream = client.stream("/t.T/Chat");
    await stream.send(Buffer.alloc(60_000));
    await stream.send(Buffer.alloc(60_000));
    const blocked = stream.send(Buffer.alloc(60_000));
    const peer = await server.peer();
    await until("the window's worth", () => peer.bodyOf(1).length === 65_535);
    stream.cancel();
    await assert.rejects(blocked, isStatus(Status.CANCELLED));
    await assert.rejects(stream.send(hi), isStatus(Status.CANCELLED));
    await assert.rejects(stream.trailers, isStatus(Status.CANCELLED));
  });
});
