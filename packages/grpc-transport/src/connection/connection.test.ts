import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ErrorCode } from "../frame/constants.ts";
import { HeaderField } from "../hpack/field.ts";
import {
  dataFrame,
  frame,
  grpcRequestBlock,
  headerBlock,
  headersFrame,
  PREFACE,
  resetFrame,
  Setting,
  settingsFrame,
  windowUpdateFrame,
} from "../testing/raw-frames.ts";
import { FakeSocket, Harness, RecordingSink } from "../testing/fake-connection.ts";
import { ResetCause } from "./stream.ts";

const request = (id: number, end = false): Buffer =>
  headersFrame(id, grpcRequestBlock("/t.T/Get"), end);
const fields = [new HeaderField(":status", "200")];

describe("Http2Connection as a server", () => {
  test("says nothing before the preface, then SETTINGS first", async () => {
    const server = new Harness(true);
    assert.deepEqual(await server.texts(), []);
    await server.receive(PREFACE.subarray(0, 10));
    assert.deepEqual(await server.texts(), []);
    await server.receive(PREFACE.subarray(10), settingsFrame());
    const texts = await server.texts();
    assert.equal(texts[0], "SETTINGS:0:0:24");
    assert.ok(texts.includes("SETTINGS:0:1:0"), texts.join(" "));
    assert.deepEqual(server.log, ["ready"]);
  });

  test("answers HTTP/1.1 in HTTP/1.1 alone, once, and holds nothing of what follows", async () => {
    const server = new Harness(true);
    await server.receive(Buffer.from("POST / HT"));
    await server.receive(Buffer.from("TP/1.1\r\n\r\n"));
    for (let i = 0; i < 3; i++) await server.receive(Buffer.alloc(100_000, 0x41));
    const text = server.socket.written.toString();
    assert.match(text, /^HTTP\/1\.1 505 [^]*gRPC/);
    assert.equal(text.split("HTTP/1.1 505").length, 2);
    assert.ok(!server.log.some((line) => line.includes("write after end")));
  });

  test("ends a connection with another preface by PROTOCOL_ERROR", async () => {
    const server = new Harness(true);
    await server.receive(Buffer.from("\x16\x03\x01\x02\x00"));
    assert.deepEqual((await server.texts()).at(-1), "GOAWAY:0:0:0/1");
  });

  test("sends trailers after all queued data, and asks the client to stop", async () => {
    const server = await Harness.ready(true, {}, [[Setting.INITIAL_WINDOW_SIZE, 10]]);
    await server.receive(request(1));
    const [stream] = server.streams;
    assert.ok(stream);
    stream.sendHeaders(fields, false);
    assert.equal(stream.sendData(Buffer.alloc(25), 0, 25, false, false), 15);
    stream.sendTrailers([new HeaderField("grpc-status", "0")]);
    assert.deepEqual((await server.texts()).slice(1), ["DATA:1:0:10"]);
    await server.receive(windowUpdateFrame(1, 100));
    const texts = await server.texts();
    assert.equal(texts[0], "DATA:1:0:15");
    assert.match(texts[1] ?? "", /^HEADERS:1:5:/);
    assert.equal(texts[2], "RST:1:0:0");
    assert.equal(server.connection.openStreams, 0);
  });

  test("gives the connection's window back exactly once, also for streams that are gone", async () => {
    const server = await Harness.ready(true, { maxWindowBytes: 65_535 });
    await server.receive(request(1));
    server.streams[0]?.reset(ErrorCode.CANCEL);
    let returned = 0;
    for (let i = 0; i < 40; i++) {
      await server.receive(dataFrame(1, Buffer.alloc(10_000)));
      for (const text of await server.texts()) {
        if (text.startsWith("WINDOW:0:")) returned += Number(text.split(":").at(-1));
        else assert.equal(text, "RST:1:0:8");
      }
    }
    assert.ok(returned > 400_000 - 65_535 && returned <= 400_000, String(returned));
    assert.equal(server.connection.closed, false);
  });

  test("ends a stream, not the connection, that exceeds its window", async () => {
    const server = await Harness.ready(true);
    await server.receive(request(1), request(3));
    const sink = server.streams[0]?.sink as RecordingSink;
    sink.consumes = false;
    for (let i = 0; i < 5; i++) await server.receive(dataFrame(1, Buffer.alloc(16_384)));
    assert.ok((await server.texts()).includes("RST:1:0:3"));
    assert.equal(sink.log.at(-1), `reset 3 cause ${ResetCause.LOCAL}`);
    assert.equal(server.connection.openStreams, 1);
  });

  test("counts faults that make it reset streams like resets", async () => {
    const server = await Harness.ready(true, { maxRapidResetsPerSecond: 10 });
    for (let i = 0; i < 11; i++) {
      const id = 2 * i + 1;
      await server.receive(request(id), windowUpdateFrame(id, 0));
    }
    const texts = await server.texts();
    assert.equal(texts.filter((text) => text.startsWith("RST")).length, 10);
    assert.equal(texts.at(-1), `GOAWAY:0:0:21/${ErrorCode.ENHANCE_YOUR_CALM}`);
  });

  test("ends only the stream whose sink throws, and tells its owner", async () => {
    const server = await Harness.ready(true);
    await server.receive(request(1), request(3));
    const [first, second] = server.streams;
    assert.ok(first && second);
    first.sink.onData = () => {
      throw new Error("bug");
    };
    await server.receive(dataFrame(1, Buffer.alloc(1)), dataFrame(3, Buffer.alloc(1)));
    assert.deepEqual(await server.texts(), ["RST:1:0:2"]);
    assert.ok(server.log.includes("fault Error: bug"));
    assert.deepEqual((second.sink as RecordingSink).log, ["data 1"]);
  });

  test("stops parsing when a sink closes the connection", async () => {
    const server = await Harness.ready(true);
    server.onStream = (stream): void => stream.connection.close();
    await server.receive(request(1), request(3), request(5));
    assert.equal(server.streams.length, 1);
    assert.deepEqual(await server.texts(), ["GOAWAY:0:0:1/0"]);
  });

  test("ends an open stream whose next HEADERS depend on themselves", async () => {
    const server = await Harness.ready(true);
    await server.receive(request(1));
    const priority = Buffer.from([0, 0, 0, 1, 0]);
    const block = Buffer.concat([priority, headerBlock([["a", "b"]])]);
    await server.receive(frame(1, 0x25, 1, block));
    assert.deepEqual(await server.texts(), ["RST:1:0:1"]);
    assert.equal(server.connection.openStreams, 0);
  });

  test("drains in two steps and closes with its last stream", async () => {
    const server = await Harness.ready(true);
    await server.receive(request(1));
    server.connection.drain();
    server.connection.drain();
    const texts = await server.texts();
    assert.deepEqual(texts, [`GOAWAY:0:0:${0x7fff_ffff}/0`, "PING:0:0:8"]);
    await server.receive(request(3));
    assert.equal(server.streams.length, 2, "streams under way are still taken");
    await server.receive(frame(6, 1, 0, Buffer.from("goodbye!")));
    assert.deepEqual(await server.texts(), ["GOAWAY:0:0:3/0"]);
    await server.receive(request(5));
    assert.equal(server.streams.length, 2);
    await server.receive(resetFrame(1));
    assert.equal(server.connection.closed, false);
    await server.receive(resetFrame(3));
    assert.equal(server.connection.closed, true);
    assert.ok(server.socket.writableEnded);
  });

  test("drain before the preface still begins with SETTINGS", async () => {
    const server = new Harness(true);
    server.connection.drain();
    const texts = await server.texts();
    assert.match(texts[0] ?? "", /^SETTINGS/);
    assert.ok(texts.some((text) => text.startsWith("GOAWAY")));
    await server.receive(PREFACE, settingsFrame());
    assert.ok(!(await server.texts()).some((text) => text.startsWith("SETTINGS:0:0")));
  });

  test("stops reading while its output is not taken, and goes on afterwards", async () => {
    const server = await Harness.ready(true, { maxSocketBacklogBytes: 1000 });
    server.socket.stalled = true;
    const ping = frame(6, 0, 0, Buffer.alloc(8));
    await server.receive(...Array.from({ length: 100 }, () => ping));
    await server.receive(ping);
    assert.ok(server.socket.isPaused());
    server.socket.unstall();
    await server.frames();
    assert.ok(!server.socket.isPaused());
  });

  test("resets streams whose unsent data exceeds the limit of the connection", async () => {
    const settings = [[Setting.INITIAL_WINDOW_SIZE, 0]] as const;
    const server = await Harness.ready(true, { maxBufferedBytes: 10_000 }, settings);
    await server.receive(request(1, true), request(3, true));
    const [first, second] = server.streams;
    assert.ok(first && second);
    first.sendData(Buffer.alloc(9000), 0, 9000, false, true);
    second.sendData(Buffer.alloc(1000), 0, 1000, false, true);
    assert.equal(second.closed, false);
    second.sendData(Buffer.alloc(1), 0, 1, false, true);
    assert.ok((await server.texts()).includes(`RST:3:0:${ErrorCode.ENHANCE_YOUR_CALM}`));
    first.reset(ErrorCode.CANCEL);
    assert.ok(server.connection.mayBuffer(10_000), "what was queued is given back");
    assert.equal(server.budget.bytes, 0);
  });

  test("keeps many tiny queued pieces together", async () => {
    const server = await Harness.ready(true, {}, [[Setting.INITIAL_WINDOW_SIZE, 0]]);
    await server.receive(request(1, true));
    const [stream] = server.streams;
    for (let i = 0; i < 1000; i++) stream?.sendData(Buffer.from([i]), 0, 1, false, false);
    await server.receive(windowUpdateFrame(1, 5000));
    const [data] = await server.frames();
    assert.equal(data?.payload.length, 1000);
    assert.ok(data?.payload.every((octet, i) => octet === (i & 255)));
  });

  test("closes a peer that never completes the handshake", () => {
    const server = new Harness(true);
    const now = performance.now();
    server.connection.sweep(now);
    server.connection.sweep(now + 9999);
    assert.equal(server.connection.closed, false);
    server.connection.sweep(now + 10_001);
    assert.ok(server.socket.destroyed);
  });

  test("closes a peer that does not read what was written", async () => {
    const server = await Harness.ready(true);
    const now = performance.now();
    server.connection.sweep(now);
    server.socket.stalled = true;
    await server.receive(frame(6, 0, 0, Buffer.alloc(8)));
    server.connection.sweep(now + 1000);
    server.connection.sweep(now + 19_999);
    assert.equal(server.socket.destroyed, false);
    server.connection.sweep(now + 20_001);
    assert.ok(server.socket.destroyed);
  });

  test("resets a stream that waits for window for too long", async () => {
    const server = await Harness.ready(true, {}, [[Setting.INITIAL_WINDOW_SIZE, 0]]);
    await server.receive(request(1, true));
    const [stream] = server.streams;
    stream?.sendData(Buffer.alloc(1), 0, 1, true, true);
    server.connection.sweep(performance.now() + 50_000);
    assert.equal(stream?.closed, false);
    server.connection.sweep(performance.now() + 60_001);
    assert.ok((await server.texts()).includes("RST:1:0:8"));
  });
});

describe("Http2Connection against a half-open peer", () => {
  const keepalive = { keepaliveMs: 1000, keepaliveTimeoutMs: 500 };

  for (const isServer of [true, false]) {
    test(`pings and gives up as a ${isServer ? "server" : "client"}`, async () => {
      const side = await Harness.ready(isServer, {}, [], keepalive);
      const sink = new RecordingSink();
      if (!isServer) side.connection.openStream(sink).sendHeaders([], false);
      await side.frames();
      const now = performance.now();
      side.connection.sweep(now);
      side.connection.sweep(now + 999);
      assert.deepEqual(await side.texts(), []);
      side.connection.sweep(now + 1001);
      assert.deepEqual(await side.texts(), ["PING:0:0:8"]);
      side.connection.sweep(now + 1400);
      assert.equal(side.connection.closed, false);
      side.connection.sweep(now + 1502);
      await side.frames();
      assert.match(side.log.at(-1) ?? "", /^close keepalive/);
      if (!isServer) assert.deepEqual(sink.log, [`reset 2 cause ${ResetCause.LOST}`]);
    });
  }

  test("goes on when the peer says anything", async () => {
    const server = await Harness.ready(true, {}, [], keepalive);
    const now = performance.now();
    server.connection.sweep(now);
    server.connection.sweep(now + 1001);
    await server.receive(frame(6, 1, 0, Buffer.from("keepaliv")));
    server.connection.sweep(now + 1502);
    assert.equal(server.connection.closed, false);
  });
});

test("FakeSocket holds writes back until it is told not to", async () => {
  const socket = new FakeSocket();
  socket.stalled = true;
  const done = new Promise<void>((resolve) => socket.write("a", () => resolve()));
  assert.equal(socket.writableLength, 1);
  socket.unstall();
  await done;
});
