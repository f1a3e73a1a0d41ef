import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { GrpcClient } from "./client.ts";
import { GrpcError } from "./grpc-error.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { Metadata } from "./metadata.ts";
import { GrpcServer, type ServerOptions } from "./server.ts";
import { Status, type StatusCode } from "./status.ts";
import {
  dataFrame,
  FrameType,
  grpcMessage,
  grpcRequestBlock,
  headerBlock,
  headersFrame,
} from "./testing/raw-frames.ts";
import { RawPeer } from "./testing/raw-peer.ts";
import { until } from "./testing/until.ts";

const hi = Buffer.from("hi");
const isStatus =
  (code: StatusCode, message = /./) =>
  (error: unknown): boolean =>
    error instanceof GrpcError && error.code === code && message.test(error.message);

async function start(t: TestContext, options: ServerOptions = {}) {
  const server = new GrpcServer(options);
  const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
  const client = new GrpcClient({ host: "127.0.0.1", port });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  return { server, client, port };
}

async function rawPeer(t: TestContext, port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect({ port });
  t.after(() => peer.destroy());
  return peer;
}

describe("GrpcServer calls", () => {
  test("carry metadata, headers and trailers", async (t) => {
    const { server, client } = await start(t);
    server.addUnary("/t.T/Get", (call, message) => {
      call.setHeader("seen", call.metadata.get("k") ?? "");
      call.setTrailer("t-bin", Buffer.from([1, 2, 3]));
      call.reply(Buffer.from(message));
    });
    const metadata = Metadata.from([["k", "v"]]);
    const reply = await client.unary("/t.T/Get", hi, { metadata });
    assert.equal(reply.headers.get("seen"), "v");
    assert.deepEqual(reply.trailers.getBinary("t-bin"), Buffer.from([1, 2, 3]));
  });

  test("to unknown and removed methods are UNIMPLEMENTED by name", async (t) => {
    const { server, client } = await start(t);
    server.addUnary("/t.T/Get", (call) => call.reply(hi));
    await client.unary("/t.T/Get", hi);
    server.remove("/t.T/Get");
    const call = client.unary("/t.T/Get", hi);
    await assert.rejects(call, isStatus(Status.UNIMPLEMENTED, /"\/t\.T\/Get"/));
  });

  test("end with INTERNAL when a handler throws, at once or later, and nobody else notices", async (t) => {
    const errors: string[] = [];
    const { server, client } = await start(t, {
      onError: (error, path) => errors.push(`${path} ${String(error)}`),
    });
    const bug = (): never => {
      throw new Error("bug");
    };
    server.addUnary("/t.T/Unary", bug);
    server.addStream("/t.T/Sync", bug);
    server.addStream("/t.T/Async", async () => bug());
    server.addStream("/t.T/Own", async () => {
      throw new GrpcError(Status.ABORTED, "own");
    });
    server.addUnary("/t.T/Get", (call) => setTimeout(() => call.reply(hi), 50));
    const other = client.unary("/t.T/Get", hi);
    await assert.rejects(
      client.unary("/t.T/Unary", hi),
      isStatus(Status.INTERNAL, /^internal error$/),
    );
    for (const path of ["/t.T/Sync", "/t.T/Async"]) {
      await assert.rejects(client.stream(path).trailers, isStatus(Status.INTERNAL));
    }
    await assert.rejects(client.stream("/t.T/Own").trailers, isStatus(Status.ABORTED, /own/));
    await other;
    assert.equal(errors.length, 3);
    assert.match(errors[0] ?? "", /\/t\.T\/Unary Error: bug/);
  });

  test("end by the deadline on the server, whatever the caller does", async (t) => {
    const { server, port } = await start(t);
    const reasons: unknown[] = [];
    server.addUnary("/t.T/Hang", (call) => {
      call.signal.addEventListener("abort", () => reasons.push(call.signal.reason));
    });
    server.addStream("/t.T/Hang2", async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      reasons.push(call.signal.reason);
      await call.send(hi).catch((error: unknown) => reasons.push(error));
    });
    const peer = await rawPeer(t, port);
    const block = (path: string): Buffer => grpcRequestBlock(path, [["grpc-timeout", "20m"]]);
    peer.write(headersFrame(1, block("/t.T/Hang")), dataFrame(1, grpcMessage(hi), true));
    peer.write(headersFrame(3, block("/t.T/Hang2")), dataFrame(3, grpcMessage(hi)));
    for (const id of [1, 3]) {
      const answer = await peer.waitFor((f) => f.type === FrameType.HEADERS && f.streamId === id);
      assert.equal(answer.flags & 1, 1);
    }
    await until("the reasons", () => reasons.length === 3);
    for (const reason of reasons)
      assert.ok(isStatus(Status.DEADLINE_EXCEEDED)(reason), String(reason));
    assert.equal(server.activeCalls, 0);
  });

  test("are aborted when the caller resets or its connection is lost", async (t) => {
    const { server, client, port } = await start(t);
    let aborted = 0;
    server.addUnary("/t.T/Hang", (call) => {
      call.signal.addEventListener("abort", () => {
        aborted++;
        assert.ok(call.cancelled);
        call.reply(hi);
      });
    });
    const controller = new AbortController();
    const call = client.unary("/t.T/Hang", hi, { signal: controller.signal });
    const peer = await rawPeer(t, port);
    peer.request(1, "/t.T/Hang", hi);
    await until("both calls", () => server.activeCalls === 2);
    controller.abort();
    await assert.rejects(call, isStatus(Status.CANCELLED));
    peer.destroy();
    await until("both aborts", () => aborted === 2);
    assert.equal(server.activeCalls, 0);
  });

  test("are refused beyond the size of messages, said or unpacked, with both sizes", async (t) => {
    const { server, client } = await start(t, { maxReceiveMessageBytes: 100 });
    server.addUnary("/t.T/Get", (call) => call.reply(hi));
    server.addStream("/t.T/Chat", async (call) => {
      for await (const _ of call);
    });
    const large = client.unary("/t.T/Get", Buffer.alloc(101));
    await assert.rejects(large, isStatus(Status.RESOURCE_EXHAUSTED, /101 vs\. 100/));
    const bomb = client.unary("/t.T/Get", Buffer.alloc(100_000), { compress: true });
    await assert.rejects(bomb, isStatus(Status.RESOURCE_EXHAUSTED));
    const stream = client.stream("/t.T/Chat");
    void stream.send(Buffer.alloc(101)).catch(() => {});
    await assert.rejects(stream.trailers, isStatus(Status.RESOURCE_EXHAUSTED));
    await client.unary("/t.T/Get", Buffer.alloc(100));
  });

  test("count a whole message without the end of the request against the connection", async (t) => {
    const { server, port } = await start(t, { limits: { maxBufferedBytes: 10_000 } });
    server.addUnary("/t.T/Get", (call) => call.reply(hi));
    const peer = await rawPeer(t, port);
    for (const id of [1, 3, 5]) {
      peer.write(headersFrame(id, grpcRequestBlock("/t.T/Get")));
      peer.write(dataFrame(id, grpcMessage(Buffer.alloc(4000))));
    }
    const refused = await peer.waitFor((f) => f.type === FrameType.HEADERS);
    assert.equal(refused.streamId, 5);
    peer.write(dataFrame(1, Buffer.alloc(0), true), dataFrame(3, Buffer.alloc(0), true));
    await until("the other answers", () => server.activeCalls === 0);
    peer.request(7, "/t.T/Get", Buffer.alloc(9000));
    const answer = await peer.waitFor((f) => f.type === FrameType.DATA && f.streamId === 7);
    assert.equal(answer.payload.length, 7);
  });

  test("name the encodings we know when the caller's is another", async (t) => {
    const { server, port } = await start(t);
    server.addStream("/t.T/Chat", () => assert.fail());
    const peer = await rawPeer(t, port);
    peer.write(headersFrame(1, grpcRequestBlock("/t.T/Chat", [["grpc-encoding", "br"]])));
    const { payload } = await peer.waitFor((f) => f.type === FrameType.HEADERS);
    const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 9999 });
    const { fields } = decoder.decode(payload, 0, payload.length);
    const find = (name: string): string | undefined => fields.find((f) => f.name === name)?.value;
    assert.equal(find("grpc-status"), "12");
    assert.equal(find("grpc-accept-encoding"), "identity,gzip");
  });

  test("with too much metadata are RESOURCE_EXHAUSTED, and the connection stays", async (t) => {
    const { server, client } = await start(t);
    server.addUnary("/t.T/Get", (call) => call.reply(hi));
    const metadata = Metadata.from([["a", "x".repeat(17_000)]]);
    const call = client.unary("/t.T/Get", hi, { metadata });
    await assert.rejects(call, isStatus(Status.RESOURCE_EXHAUSTED, /16384/));
    await client.unary("/t.T/Get", hi);
    assert.equal(server.connections, 1);
  });

  test("that are not gRPC get a plain answer", async (t) => {
    const { port } = await start(t);
    const peer = await rawPeer(t, port);
    const get = headerBlock([
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
    ]);
    peer.write(headersFrame(1, get, true));
    const { payload } = await peer.waitFor((f) => f.type === FrameType.DATA);
    assert.match(payload.toString(), /gRPC/);
  });
});

describe("GrpcServer.drain", () => {
  test("lets calls finish, refuses new connections, and resolves when all is closed", async (t) => {
    const { server, client, port } = await start(t);
    let finish = (): void => {};
    server.addUnary("/t.T/Slow", (call) => (finish = () => call.reply(hi)));
    const call = client.unary("/t.T/Slow", hi);
    await until("the call", () => server.activeCalls === 1);
    let drained = false;
    const draining = server.drain(10_000).then(() => (drained = true));
    await until("the client's notice", () => client.state === "idle");
    const refused = new Promise((resolve) => {
      connect(port, "127.0.0.1")
        .once("error", resolve)
        .once("connect", () => resolve(undefined));
    });
    assert.ok((await refused) instanceof Error);
    assert.equal(drained, false);
    finish();
    assert.equal(Buffer.from((await call).message).toString(), "hi");
    await draining;
    assert.equal(server.connections, 0);
  });

  test("cuts what does not end within the grace period, silent peers too", async (t) => {
    const { server, client, port } = await start(t);
    server.addUnary("/t.T/Hang", () => {});
    const call = assert.rejects(client.unary("/t.T/Hang", hi), isStatus(Status.UNAVAILABLE));
    const silent = connect(port, "127.0.0.1");
    t.after(() => silent.destroy());
    await until("both", () => server.connections === 2 && server.activeCalls === 1);
    await server.drain(30);
    await call;
    assert.equal(server.connections, 0);
  });

  test("resolves at once without connections, and as often as it is called", async () => {
    const server = new GrpcServer();
    await server.listen({ host: "127.0.0.1", port: 0 });
    await Promise.all([server.drain(60_000), server.drain(60_000), server.close()]);
    await server.drain(60_000);
  });

  test("two at once both resolve", async (t) => {
    const { server, client } = await start(t);
    server.addUnary("/t.T/Get", (call) => call.reply(hi));
    await client.unary("/t.T/Get", hi);
    await Promise.all([server.drain(60_000), server.drain(60_000)]);
    assert.equal(server.connections, 0);
  });
});

test("GrpcServer.close resolves when the sockets are closed", async (t) => {
  const { server, client } = await start(t);
  server.addUnary("/t.T/Hang", () => {});
  const call = assert.rejects(client.unary("/t.T/Hang", hi), isStatus(Status.UNAVAILABLE));
  await until("the call", () => server.activeCalls === 1);
  await server.close();
  assert.equal(server.connections, 0);
  await call;
});
