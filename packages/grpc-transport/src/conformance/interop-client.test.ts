/** Our client against a server built on grpc-js. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import * as grpc from "@grpc/grpc-js";

import { GrpcClient, type GrpcError, Metadata, Status } from "../index.ts";
import { freePort } from "../testing/free-port.ts";
import { until } from "../testing/until.ts";
import {
  FAILURE_DETAILS,
  FAILURE_TEXT,
  raw,
  startForeignServer,
  type ForeignServer,
} from "./raw-service.ts";

const empty = Buffer.alloc(0);
const gzip = { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip };

for (const [kind, options] of [
  ["plain", {}],
  ["gzip", gzip],
] as const) {
  describe(`GrpcClient against a grpc-js server, ${kind} replies`, { timeout: 60_000 }, () => {
    let server: ForeignServer;
    let client: GrpcClient;
    before(async () => {
      server = await startForeignServer({
        ...options,
        "grpc.max_receive_message_length": 8_000_000,
      });
      client = new GrpcClient({ host: "127.0.0.1", port: server.port });
    });
    after(async () => {
      await client.close();
      server.close();
    });

    it("makes a unary call", async () => {
      const { message } = await client.unary(raw.echo, Buffer.from("hello"));
      assert.equal(Buffer.from(message).toString(), "hello");
      assert.equal((await client.unary(raw.echo, empty)).message.length, 0);
    });

    it("makes many unary calls at once", async () => {
      const calls = Array.from({ length: 300 }, (_, index) =>
        client.unary(raw.echo, Buffer.from(`message ${index}`)),
      );
      const texts = (await Promise.all(calls)).map(({ message }) =>
        Buffer.from(message).toString(),
      );
      assert.deepEqual(
        texts,
        texts.map((_, index) => `message ${index}`),
      );
    });

    it("sends and receives messages larger than the windows", async () => {
      const large = Buffer.alloc(3_500_000, "0123456789");
      const { message } = await client.unary(raw.echo, large);
      assert.ok(large.equals(message));
    });

    it("refuses a reply over the receive limit with RESOURCE_EXHAUSTED", async () => {
      await assert.rejects(
        client.unary(raw.echo, Buffer.alloc(5_000_000, 1)),
        (error: GrpcError) => {
          assert.equal(error.code, Status.RESOURCE_EXHAUSTED);
          assert.match(error.message, /4194304/);
          return true;
        },
      );
    });

    it("compresses what it sends when told to", async () => {
      const large = Buffer.alloc(1_000_000, "0123456789");
      const { message } = await client.unary(raw.echo, large, { compress: true });
      assert.ok(large.equals(message));
      const call = client.stream(raw.chat, { compress: true });
      await call.send(large);
      call.halfClose();
      assert.ok((await collect(call))[0]?.equals(large));
    });

    it("streams to the server", async () => {
      const call = client.stream(raw.sum);
      for (let sent = 0; sent < 100; sent++) await call.send(Buffer.alloc(10_000));
      call.halfClose();
      const replies = await collect(call);
      assert.equal(replies.map(String).join(), "1000000");
    });

    it("streams from the server", async () => {
      const call = client.stream(raw.source);
      await call.send(Buffer.from("500x20000"));
      call.halfClose();
      let count = 0;
      for await (const message of call) count += message.length === 20_000 ? 1 : 0;
      assert.equal(count, 500);
    });

    it("streams both ways, ping by pong", async () => {
      const call = client.stream(raw.chat);
      const replies = call[Symbol.asyncIterator]();
      for (const size of [0, 1, 16_384, 100_000]) {
        await call.send(Buffer.alloc(size));
        const { value } = await replies.next();
        assert.equal(value?.length, size);
      }
      call.halfClose();
      assert.equal((await replies.next()).done, true);
      assert.equal((await call.trailers).size, 0);
    });

    it("carries metadata both ways, binary values too", async () => {
      const bytes = Buffer.from([0, 255, 10, 13, 44]);
      const metadata = Metadata.from([
        ["x-echo", "text"],
        ["x-echo-bin", bytes],
      ]);
      const { headers, trailers } = await client.unary(raw.echo, empty, { metadata });
      assert.equal(headers.get("x-echo"), "text");
      assert.deepEqual(Buffer.from(trailers.getBinary("x-echo-bin") ?? empty), bytes);
    });

    it("rejects with status, message, details and trailers", async () => {
      await assert.rejects(client.unary(raw.fail, empty), (error: GrpcError) => {
        assert.equal(error.code, Status.NOT_FOUND);
        assert.equal(error.message, FAILURE_TEXT);
        assert.equal(error.metadata.get("x-reason"), "lost");
        assert.deepEqual(Buffer.from(error.statusDetails ?? empty), FAILURE_DETAILS);
        return true;
      });
    });

    it("rejects an unknown method with UNIMPLEMENTED", async () => {
      await assert.rejects(client.unary("/test.Raw/Nothing", empty), {
        code: Status.UNIMPLEMENTED,
      });
    });

    it("sends its deadline and keeps it", async () => {
      const deadlineMs = Date.now() + 5_000;
      await client.unary(raw.echo, empty, { deadlineMs });
      const seen = server.seen.deadlines.at(-1) ?? 0;
      assert.ok(Math.abs(seen - deadlineMs) < 2_500, `deadline moved by ${seen - deadlineMs} ms`);
      const before = server.seen.cancelled;
      await assert.rejects(client.unary(raw.sleep, empty, { timeoutMs: 1_000 }), {
        code: Status.DEADLINE_EXCEEDED,
      });
      await until("the server to see the end", () => server.seen.cancelled > before);
    });

    it("cancels a unary call by its signal", async () => {
      const controller = new AbortController();
      const { cancelled: before, sleeping } = server.seen;
      const call = client.unary(raw.sleep, empty, { signal: controller.signal });
      const rejected = assert.rejects(call, { code: Status.CANCELLED });
      await until("the call", () => server.seen.sleeping > sleeping);
      controller.abort();
      await rejected;
      await until("the server to see the cancel", () => server.seen.cancelled > before);
    });

    it("cancels a stream after the first message", async () => {
      const before = server.seen.cancelled;
      const call = client.stream(raw.source);
      await call.send(Buffer.from("100000x1000"));
      call.halfClose();
      await assert.rejects(
        async () => {
          for await (const message of call) if (message.length > 0) call.cancel();
        },
        { code: Status.CANCELLED },
      );
      await until("the server to see the cancel", () => server.seen.cancelled > before);
    });

    it("ends a stream when its reader leaves the loop", async () => {
      const before = server.seen.cancelled;
      const call = client.stream(raw.source);
      await call.send(Buffer.from("100000x1000"));
      call.halfClose();
      for await (const message of call) if (message.length > 0) break;
      await until("the server to see the cancel", () => server.seen.cancelled > before);
    });
  });
}

describe("GrpcClient without a server", { timeout: 60_000 }, () => {
  it("fails with UNAVAILABLE at once", async () => {
    const client = new GrpcClient({ host: "127.0.0.1", port: await freePort() });
    await assert.rejects(client.unary(raw.echo, empty, { timeoutMs: 5_000 }), {
      code: Status.UNAVAILABLE,
    });
    await client.close();
  });

  it("waits for the server when told to", async () => {
    const port = await freePort();
    const client = new GrpcClient({ host: "127.0.0.1", port });
    const options = { timeoutMs: 20_000, waitForReady: true };
    const call = client.unary(raw.echo, Buffer.from("early"), options);
    await until("a failed attempt", () => client.state === "transient-failure");
    const server = await startForeignServer({}, port);
    assert.equal(Buffer.from((await call).message).toString(), "early");
    await client.close();
    server.close();
  });

  it("reconnects to a server that came back", async () => {
    const first = await startForeignServer({}, await freePort());
    const client = new GrpcClient({ host: "127.0.0.1", port: first.port });
    await client.unary(raw.echo, empty);
    first.close();
    await until("the loss to be seen", () => client.state !== "ready");
    const second = await startForeignServer({}, first.port);
    await client.unary(raw.echo, empty, { timeoutMs: 20_000, waitForReady: true });
    await client.close();
    second.close();
  });

  it("keeps the deadline of a call that waits", async () => {
    const client = new GrpcClient({ host: "127.0.0.1", port: await freePort() });
    await assert.rejects(client.unary(raw.echo, empty, { timeoutMs: 100, waitForReady: true }), {
      code: Status.DEADLINE_EXCEEDED,
    });
    await client.close();
  });
});

async function collect(messages: AsyncIterable<Uint8Array>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const message of messages) all.push(Buffer.from(message));
  return all;
}
