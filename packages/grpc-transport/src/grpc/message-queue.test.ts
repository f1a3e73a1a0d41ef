import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Harness } from "../testing/fake-connection.ts";
import type { Http2Stream } from "../connection/stream.ts";
import { GrpcError } from "../grpc-error.ts";
import { grpcMessage, grpcRequestBlock, headersFrame } from "../testing/raw-frames.ts";
import { MessageQueue } from "./message-queue.ts";

async function make(maxBufferedBytes = 1e6, onReturn = (): void => {}) {
  const harness = await Harness.ready(true, { maxBufferedBytes });
  await harness.receive(headersFrame(1, grpcRequestBlock("/t.T/Chat")));
  const [stream] = harness.streams;
  assert.ok(stream);
  let consumed = 0;
  stream.consume = (bytes): void => void (consumed += bytes);
  const queue = new MessageQueue(1000, onReturn);
  queue.attach(stream, "gzip");
  return { harness, queue, stream, consumed: () => consumed };
}

function push(queue: MessageQueue, stream: Http2Stream, bytes: Buffer): void {
  const shared = Buffer.from(bytes);
  queue.push(stream, shared, 0, shared.length);
  shared.fill(0xff);
}

const textOf = (result: IteratorResult<Uint8Array, undefined>): string | undefined =>
  result.done ? undefined : Buffer.from(result.value).toString();

describe("MessageQueue", () => {
  test("gives messages in order, also to a reader that came first, and copies them", async () => {
    const { queue, stream } = await make();
    const early = queue.next();
    push(
      queue,
      stream,
      Buffer.concat([grpcMessage(Buffer.from("a")), grpcMessage(Buffer.from("b"))]),
    );
    assert.equal(textOf(await early), "a");
    assert.equal(textOf(await queue.next()), "b");
    queue.finish();
    assert.equal((await queue.next()).done, true);
  });

  test("unpacks compressed messages", async () => {
    const { queue, stream } = await make();
    push(queue, stream, grpcMessage(gzipSync("packed"), true));
    assert.equal(textOf(await queue.next()), "packed");
  });

  test("returns window only when no whole message waits", async () => {
    const { queue, stream, consumed } = await make();
    const message = grpcMessage(Buffer.alloc(95));
    push(queue, stream, message.subarray(0, 50));
    assert.equal(consumed(), 50, "part of a message");
    push(queue, stream, message.subarray(50));
    push(queue, stream, message);
    assert.equal(consumed(), 50);
    await queue.next();
    assert.equal(consumed(), 50);
    await queue.next();
    assert.equal(consumed(), 200);
  });

  test("counts waiting messages against the connection until they are read or the call is over", async () => {
    const { harness, queue, stream } = await make(2000);
    push(queue, stream, grpcMessage(Buffer.alloc(900)));
    assert.ok(harness.budget.bytes >= 900);
    assert.throws(() => push(queue, stream, grpcMessage(Buffer.alloc(990))), GrpcError);
    queue.dispose();
    assert.equal(harness.budget.bytes, 0);
    const other = await make();
    push(other.queue, other.stream, grpcMessage(Buffer.alloc(900)));
    other.queue.finish();
    assert.ok(other.harness.budget.bytes >= 900, "the end of the request does not free it");
    await other.queue.next();
    assert.equal(other.harness.budget.bytes, 0);
  });

  test("an error comes after the messages, and to a waiting reader", async () => {
    const { queue, stream } = await make();
    push(queue, stream, grpcMessage(Buffer.from("last")));
    queue.finish(new Error("lost"));
    assert.equal(textOf(await queue.next()), "last");
    await assert.rejects(queue.next(), /lost/);
    const other = await make();
    const waiting = assert.rejects(other.queue.next(), /lost/);
    other.queue.finish(new Error("lost"));
    await waiting;
  });

  test("an end inside a message is an error", async () => {
    const { queue, stream } = await make();
    push(queue, stream, Buffer.from([0, 0, 0]));
    queue.finish();
    await assert.rejects(queue.next(), /ended inside/);
  });

  test("tells when the reader stops early, not at the end", async () => {
    let returns = 0;
    const { queue, stream } = await make(1e6, () => returns++);
    push(queue, stream, grpcMessage(Buffer.from("a")));
    for await (const _ of queue) break;
    assert.equal(returns, 1);
    const other = await make(1e6, () => returns++);
    other.queue.finish();
    for await (const _ of other.queue) assert.fail();
    assert.equal(returns, 1);
  });
});
