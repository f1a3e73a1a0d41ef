import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { GrpcServer } from "../index.ts";
import {
  ErrorCode,
  FrameType,
  RawFrameReader,
  dataFrame,
  grpcMessage,
  hpackInteger,
  priorityFrame,
  resetFrame,
  settingsFrame,
  windowUpdateFrame,
} from "./raw-frames.ts";
import { RawPeer } from "./raw-peer.ts";

describe("RawPeer", () => {
  const server = new GrpcServer();
  let port = 0;

  before(async () => {
    server.addUnary("/x.Y/Z", (call, message) => call.reply(Buffer.from(message)));
    port = (await server.listen({ host: "127.0.0.1", port: 0 })).port ?? 0;
  });
  after(() => server.close());

  it("gets an answer to a request", async () => {
    const peer = await RawPeer.connect({ port });
    peer.request(1, "/x.Y/Z", Buffer.from("ping"));
    const data = await peer.waitFor(({ type }) => type === FrameType.DATA);
    assert.deepEqual(data.payload, grpcMessage(Buffer.from("ping")));
    await peer.settled();
    peer.destroy();
    await peer.closed;
  });

  it("learns the code with which it was sent away", async () => {
    const peer = await RawPeer.connect({ port });
    peer.write(windowUpdateFrame(0, 0));
    assert.equal(await peer.waitForGoaway(), ErrorCode.PROTOCOL_ERROR);
    await peer.closed;
  });
});

describe("RawFrameReader", () => {
  const bytes = Buffer.concat([
    settingsFrame([3, 100]),
    priorityFrame(3, 1),
    dataFrame(1, Buffer.from("abc"), true),
    resetFrame(5),
  ]);

  it("returns the same frames however the bytes are cut", () => {
    const whole = new RawFrameReader().push(bytes);
    assert.deepEqual(
      whole.map(({ type }) => type),
      [4, 2, 0, 3],
    );
    const reader = new RawFrameReader();
    const single = Array.from(bytes, (byte) => reader.push(Buffer.from([byte]))).flat();
    assert.deepEqual(single, whole);
  });
});

describe("hpackInteger", () => {
  it("encodes the examples of RFC 7541 C.1", () => {
    assert.deepEqual([...hpackInteger(10, 5)], [10]);
    assert.deepEqual([...hpackInteger(1337, 5)], [31, 154, 10]);
    assert.deepEqual([...hpackInteger(42, 8)], [42]);
  });
});
