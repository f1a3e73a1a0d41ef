import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ErrorCode } from "../frame/constants.ts";
import {
  dataFrame,
  frame,
  goawayFrame,
  headerBlock,
  headersFrame,
  resetFrame,
  Setting,
  settingsFrame,
} from "../testing/raw-frames.ts";
import { Harness, RecordingSink } from "../testing/fake-connection.ts";
import { ResetCause } from "./stream.ts";

const response = (id: number, end = false): Buffer =>
  headersFrame(id, headerBlock([[":status", "200"]]), end);

describe("Http2Connection as a client", () => {
  test("ends its side with an empty frame although the window is negative", async () => {
    const client = await Harness.ready(false);
    const stream = client.connection.openStream(new RecordingSink());
    stream.sendHeaders([], false);
    stream.sendData(Buffer.alloc(100), 0, 100, false, true);
    await client.receive(settingsFrame([Setting.INITIAL_WINDOW_SIZE, 0]));
    assert.equal(stream.sendWindow, -100);
    await client.frames();
    stream.sendData(Buffer.alloc(0), 0, 0, true, true);
    assert.deepEqual(await client.texts(), ["DATA:1:1:0"]);
  });

  test("refused streams see a connection that takes no more, and those above the last id are unprocessed", async () => {
    const client = await Harness.ready(false);
    const sinks = [new RecordingSink(), new RecordingSink()];
    for (const sink of sinks) client.connection.openStream(sink).sendHeaders([], true);
    let available = true;
    const second = sinks[1];
    assert.ok(second);
    second.onReset = (stream, _code, cause): void => {
      available = stream.connection.available;
      second.log.push(`cause ${cause}`);
    };
    await client.receive(goawayFrame(1, 0));
    assert.deepEqual(second.log, [`cause ${ResetCause.UNPROCESSED}`]);
    assert.equal(available, false);
    assert.deepEqual(sinks[0]?.log, []);
    await client.receive(response(1, true));
    assert.deepEqual(sinks[0]?.log, ["headers 1 end"]);
    assert.equal(client.connection.closed, true);
  });

  test("REFUSED_STREAM is unprocessed, other codes are not", async () => {
    const client = await Harness.ready(false);
    const sinks = [new RecordingSink(), new RecordingSink()];
    for (const sink of sinks) client.connection.openStream(sink).sendHeaders([], true);
    await client.receive(resetFrame(1, ErrorCode.REFUSED_STREAM), resetFrame(3, 2));
    assert.deepEqual(sinks[0]?.log, [`reset 7 cause ${ResetCause.UNPROCESSED}`]);
    assert.deepEqual(sinks[1]?.log, [`reset 2 cause ${ResetCause.REMOTE}`]);
  });

  test("survives the answers to thousands of calls that it gave up", async () => {
    const client = await Harness.ready(false);
    for (let i = 0; i < 3000; i++) {
      const stream = client.connection.openStream(new RecordingSink());
      stream.sendHeaders([], true);
      stream.reset(ErrorCode.CANCEL);
    }
    for (let i = 0; i < 3000; i++) {
      const id = 2 * i + 1;
      await client.receive(response(id), dataFrame(id, Buffer.alloc(5)), response(id, true));
    }
    assert.equal(client.connection.closed, false);
    assert.ok(client.connection.available);
  });

  test("survives a server that resets thousands of its streams", async () => {
    const client = await Harness.ready(false);
    for (let i = 0; i < 3000; i++) {
      client.connection.openStream(new RecordingSink()).sendHeaders([], true);
      await client.receive(resetFrame(2 * i + 1));
    }
    assert.ok(client.connection.available);
  });

  test("tells when SETTINGS allow more streams", async () => {
    const client = await Harness.ready(false, {}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]);
    assert.equal(client.connection.available, false);
    await client.receive(settingsFrame([Setting.MAX_CONCURRENT_STREAMS, 1]));
    assert.ok(client.connection.available);
    assert.deepEqual(client.log, ["ready", "capacity"]);
  });

  test("drains when its stream identifiers are used up", async () => {
    const client = await Harness.ready(false);
    const inner = client.connection as unknown as { streams: { nextId: number } };
    inner.streams.nextId = 0x7fff_fffd;
    const sink = new RecordingSink();
    client.connection.openStream(sink).sendHeaders([], true);
    assert.deepEqual(client.log, ["ready", "draining"]);
    await client.receive(response(0x7fff_fffd, true));
    assert.deepEqual(sink.log, ["headers 1 end"]);
    assert.equal(client.connection.closed, true);
  });

  test("takes an interim response, but not as the end", async () => {
    const client = await Harness.ready(false);
    const sinks = [new RecordingSink(), new RecordingSink()];
    for (const sink of sinks) client.connection.openStream(sink).sendHeaders([], true);
    const interim = headerBlock([[":status", "103"]]);
    await client.receive(
      headersFrame(1, interim),
      response(1, true),
      headersFrame(3, interim, true),
    );
    assert.deepEqual(sinks[0]?.log, ["headers 1 end"]);
    assert.deepEqual(sinks[1]?.log, [`reset 1 cause ${ResetCause.LOCAL}`]);
  });

  test("keeps reading while the server does not, or both would wait for ever", async () => {
    const client = await Harness.ready(false, { maxSocketBacklogBytes: 100 });
    client.socket.stalled = true;
    const stream = client.connection.openStream(new RecordingSink());
    stream.sendHeaders([], false);
    stream.sendData(Buffer.alloc(1000), 0, 1000, false, true);
    await client.frames();
    await client.receive(response(1));
    assert.ok(!client.socket.isPaused());
  });

  test("says at once that it is closed, without waiting for the other side's end", async () => {
    const client = await Harness.ready(false);
    await client.receive(frame(5, 4, 1, Buffer.alloc(4)));
    assert.deepEqual(client.log, ["ready", "close PUSH_PROMISE is not allowed"]);
    client.socket.destroy();
    await client.frames();
    assert.equal(client.log.length, 2);
  });

  test("loses its streams with the socket", async () => {
    const client = await Harness.ready(false);
    const sink = new RecordingSink();
    client.connection.openStream(sink).sendHeaders([], true);
    client.socket.destroy(new Error("ECONNRESET"));
    await client.frames();
    assert.deepEqual(sink.log, [`reset 2 cause ${ResetCause.LOST}`]);
    assert.equal(client.log.at(-1), "close ECONNRESET");
  });

  test("grows the windows of streams while a window's worth arrives in a round trip", async () => {
    const client = await Harness.ready(false);
    client.connection.openStream(new RecordingSink()).sendHeaders([], true);
    await client.receive(response(1));
    for (let i = 0; i < 3; i++) await client.receive(dataFrame(1, Buffer.alloc(16_000)));
    assert.ok((await client.texts()).includes("PING:0:0:8"));
    for (let i = 0; i < 4; i++) await client.receive(dataFrame(1, Buffer.alloc(16_000)));
    await client.receive(frame(6, 1, 0, Buffer.from("bandwidt")));
    assert.equal(client.connection.streamWindowBytes, 2 * 65_535);
    assert.ok((await client.texts()).includes("SETTINGS:0:0:6"));
  });
});
