import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";

import {
  ErrorCode,
  FrameType,
  RawFrameReader,
  dataFrame,
  hpackInteger,
  priorityFrame,
  resetFrame,
  settingsFrame,
  windowUpdateFrame,
} from "./raw-frames.ts";
import { RawPeer } from "./raw-peer.ts";

describe("RawPeer against node:http2", () => {
  let server: Http2Server;
  let port = 0;

  before(async () => {
    server = createServer();
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("hello");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port; // listens on TCP, so the address is an object
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  it("gets an answer to a request", async () => {
    const peer = await RawPeer.connect({ port });
    peer.request(1, "/x.Y/Z", Buffer.from("ping"));
    const data = await peer.waitFor(({ type }) => type === FrameType.DATA);
    assert.equal(data.payload.toString(), "hello");
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
