/** A client built on grpc-js against our server. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import * as grpc from "@grpc/grpc-js";

import { GrpcServer } from "../index.ts";
import { FrameType } from "../testing/raw-frames.ts";
import { RawPeer } from "../testing/raw-peer.ts";
import { until } from "../testing/until.ts";
import {
  FAILURE_DETAILS,
  FAILURE_TEXT,
  addRawService,
  identity,
  raw,
  type Sightings,
} from "./raw-service.ts";

const empty = Buffer.alloc(0);
const gzip = { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip };

interface UnaryResult {
  readonly message: Buffer;
  readonly headers: grpc.Metadata;
  readonly status: grpc.StatusObject;
}

function unary(
  client: grpc.Client,
  path: string,
  message: Buffer,
  metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
): Promise<UnaryResult> {
  return new Promise((resolve, reject) => {
    let headers = new grpc.Metadata();
    let reply: Buffer = empty;
    const call = client.makeUnaryRequest(
      path,
      identity,
      identity,
      message,
      metadata,
      options,
      (error, value) => (error === null ? (reply = value ?? empty) : reject(error)),
    );
    call.on("metadata", (received) => (headers = received));
    call.on("status", (status) => resolve({ message: reply, headers, status }));
  });
}

for (const [kind, options] of [
  ["plain", {}],
  ["gzip", gzip],
] as const) {
  describe(`grpc-js client against GrpcServer, ${kind} requests`, { timeout: 60_000 }, () => {
    let server: GrpcServer;
    let seen: Sightings;
    let client: grpc.Client;
    let port = 0;
    before(async () => {
      server = new GrpcServer();
      seen = addRawService(server);
      port = (await server.listen({ host: "127.0.0.1", port: 0 })).port ?? 0;
      client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
    });
    after(async () => {
      client.close();
      await server.close();
    });

    it("answers unary calls", async () => {
      assert.equal((await unary(client, raw.echo, Buffer.from("hi"))).message.toString(), "hi");
      assert.equal((await unary(client, raw.echo, empty)).message.length, 0);
      const calls = Array.from({ length: 300 }, (_, n) =>
        unary(client, raw.echo, Buffer.from(`${n}`)),
      );
      const texts = (await Promise.all(calls)).map(({ message }) => message.toString());
      assert.deepEqual(
        texts,
        texts.map((_, n) => `${n}`),
      );
    });

    it("receives and sends messages larger than the windows", async () => {
      const large = Buffer.alloc(3_500_000, "0123456789");
      assert.ok(large.equals((await unary(client, raw.echo, large)).message));
    });

    it("refuses a request over 4 MiB with RESOURCE_EXHAUSTED and both sizes", async () => {
      await assert.rejects(unary(client, raw.echo, Buffer.alloc(5_000_000, 1)), {
        code: grpc.status.RESOURCE_EXHAUSTED,
        details: /5000000.*4194304|4194304/,
      });
    });

    it("compresses replies when the handler says so", async () => {
      const large = Buffer.alloc(1_000_000, "0123456789");
      assert.ok(large.equals((await unary(client, raw.squeeze, large)).message));
      const peer = await RawPeer.connect({ port });
      peer.request(1, raw.squeeze, large.subarray(0, 10_000), [["grpc-accept-encoding", "gzip"]]);
      const { payload } = await peer.waitFor(({ type }) => type === FrameType.DATA);
      assert.equal(payload[0], 1);
      assert.ok(payload.length < 1_000, `10000 bytes became ${payload.length}`);
      peer.destroy();
    });

    it("reads a client stream", async () => {
      const total = await new Promise((resolve, reject) => {
        const call = client.makeClientStreamRequest(
          raw.sum,
          identity,
          identity,
          new grpc.Metadata(),
          (error, value) => (error === null ? resolve(String(value)) : reject(error)),
        );
        for (let sent = 0; sent < 100; sent++) call.write(Buffer.alloc(10_000));
        call.end();
      });
      assert.equal(total, "1000000");
    });

    it("writes a server stream to a slow reader", async () => {
      const call = client.makeServerStreamRequest(
        raw.source,
        identity,
        identity,
        Buffer.from("300x20000"),
      );
      let count = 0;
      for await (const message of call) {
        count += (message as Buffer).length === 20_000 ? 1 : 0; // the stream is untyped
        if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.equal(count, 300);
    });

    it("talks both ways", async () => {
      const call = client.makeBidiStreamRequest(raw.chat, identity, identity);
      const replies = call[Symbol.asyncIterator]();
      for (const size of [0, 1, 16_384, 100_000]) {
        call.write(Buffer.alloc(size));
        const { value } = (await replies.next()) as { value: Buffer }; // the stream is untyped
        assert.equal(value.length, size);
      }
      call.end();
      assert.equal((await replies.next()).done, true);
    });

    it("carries metadata both ways, binary values too", async () => {
      const metadata = new grpc.Metadata();
      const bytes = Buffer.from([0, 255, 10, 13, 44]);
      metadata.set("x-echo", "text");
      metadata.set("x-echo-bin", bytes);
      const { headers, status } = await unary(client, raw.echo, empty, metadata);
      assert.deepEqual(headers.get("x-echo"), ["text"]);
      assert.deepEqual(status.metadata.get("x-echo-bin"), [bytes]);
    });

    it("fails with status, message, details and trailers", async () => {
      const error = await unary(client, raw.fail, empty).then(
        () => assert.fail("succeeded"),
        (reason: grpc.ServiceError) => reason,
      );
      assert.equal(error.code, grpc.status.NOT_FOUND);
      assert.equal(error.details, FAILURE_TEXT);
      assert.deepEqual(error.metadata.get("x-reason"), ["lost"]);
      assert.deepEqual(error.metadata.get("grpc-status-details-bin"), [FAILURE_DETAILS]);
    });

    it("answers an unknown method with UNIMPLEMENTED naming it", async () => {
      await assert.rejects(unary(client, "/test.Raw/Nothing", empty), {
        code: grpc.status.UNIMPLEMENTED,
        details: /test\.Raw\/Nothing/,
      });
    });

    it("sees the deadline and keeps it", async () => {
      const deadline = Date.now() + 5_000;
      await unary(client, raw.echo, empty, undefined, { deadline });
      const arrived = seen.deadlines.at(-1) ?? 0;
      assert.ok(Math.abs(arrived - deadline) < 2_500, `deadline moved by ${arrived - deadline} ms`);
      const before = seen.cancelled;
      await assert.rejects(
        unary(client, raw.sleep, empty, undefined, { deadline: Date.now() + 1_000 }),
        { code: grpc.status.DEADLINE_EXCEEDED },
      );
      await until("the handler's signal", () => seen.cancelled > before);
      await until("the call to be over", () => server.activeCalls === 0);
    });

    it("aborts the handler's signal on cancel", async () => {
      const before = seen.cancelled;
      const call = client.makeServerStreamRequest(
        raw.source,
        identity,
        identity,
        Buffer.from("100000x1000"),
      );
      call.on("error", () => undefined);
      call.once("data", () => call.cancel());
      await until("the handler's signal", () => seen.cancelled > before);
      await until("the call to be over", () => server.activeCalls === 0);
    });
  });
}

describe("GrpcServer.drain", () => {
  it("finishes the calls of a grpc-js client and sends it away", async () => {
    const server = new GrpcServer();
    addRawService(server);
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const call = client.makeServerStreamRequest(
      raw.source,
      identity,
      identity,
      Buffer.from("200x20000"),
    );
    let count = 0;
    for await (const message of call) {
      if ((message as Buffer).length === 20_000) count++; // the stream is untyped
      if (count === 1) void server.drain(5_000);
    }
    assert.equal(count, 200);
    await until("the connection to close", () => server.connections === 0);
    client.close();
  });
});
