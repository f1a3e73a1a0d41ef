import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcClient } from "./client.ts";
import { Metadata } from "./metadata.ts";
import { GrpcServer } from "./server.ts";
import { FrameReader, FrameType, HpackDecoder, PREFACE, STATE_STREAM_ID } from "./wire.ts";

/** Header lists of a recording, by stream. */
function headersOf(recording: Buffer): Map<number, string> {
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 16_384 });
  const lists = new Map<number, string>();
  const sink = {
    closed: false,
    onFrame(buffer: Buffer, type: number, _flags: number, id: number, start: number, end: number) {
      if (type !== FrameType.HEADERS) return;
      const { fields } = decoder.decode(buffer, start, end);
      lists.set(id, fields.map(({ name, value }) => `${name}=${value}`).join(" "));
    },
  };
  assert.deepEqual(recording.subarray(0, PREFACE.length), PREFACE);
  new FrameReader(sink, 1 << 24).feed(recording, PREFACE.length, recording.length);
  return lists;
}

test("onBytes sees what clients send, and recordingStart() makes bytes from the middle readable", async (t) => {
  const whole: Buffer[] = [];
  const middle: Buffer[] = [];
  const server = new GrpcServer({
    onBytes(connection, buffer, start, end) {
      const bytes = Buffer.from(buffer.subarray(start, end));
      if (connection.reads === 1) assert.deepEqual(connection.recordingStart(), undefined);
      if (whole.push(bytes) > 4 && middle.length === 0) {
        const state = connection.recordingStart();
        if (state === undefined) return;
        middle.push(state);
      }
      if (middle.length > 0) middle.push(bytes);
    },
  });
  t.after(() => server.close());
  server.addUnary("/t.S/A", (call) => call.reply(Buffer.alloc(0)));
  const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
  const client = new GrpcClient({ host: "127.0.0.1", port });
  t.after(() => client.close());
  const metadata = Metadata.from([["tenant", "shop"]]);
  for (let i = 0; i < 8; i += 1) await client.unary("/t.S/A", Buffer.from("hello"), { metadata });
  const all = headersOf(Buffer.concat(whole));
  const later = headersOf(Buffer.concat(middle));
  assert.equal(all.size, 8);
  assert.ok(later.size > 2 && later.size < 8, `${later.size} lists`);
  for (const [id, list] of later) {
    if (id !== STATE_STREAM_ID) assert.equal(list, all.get(id));
    assert.match(list, /tenant=shop/);
  }
});
