import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BoltFrame } from "../bolt/bolt-frame.ts";
import { bolt } from "../bolt/bolt-wire.ts";
import { dubbo } from "../dubbo/dubbo-wire.ts";
import { FrameReader } from "./frame-reader.ts";
import { boltRequest } from "./testing/fake-owner.ts";

const MEBIBYTE = 1024 * 1024;

function sinkOf(onFrame: (frame: BoltFrame) => void) {
  const sink = { closed: false, onFrame, onOversize: () => {} };
  return sink;
}

describe("FrameReader", () => {
  it("takes memory as a frame comes in, not as it is announced", () => {
    const head = Buffer.from("dabbc200000000000000000101e00000", "hex"); // 30 MiB follow, it says
    const readers = Array.from({ length: 200 }, () => new FrameReader(dubbo, { closed: false, onFrame: () => {}, onOversize: () => {} }, 32 * MEBIBYTE)); // prettier-ignore
    const before = process.memoryUsage().arrayBuffers;
    for (const reader of readers) {
      reader.feed(head, 0, head.length);
      reader.feed(Buffer.alloc(1000), 0, 1000);
      assert.equal(reader.heldBytes, 1016);
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * MEBIBYTE);
    for (const reader of readers) reader.close();
    assert.equal(readers[0]?.heldBytes, 0);
  });

  it("hands out a frame that came whole in place, and one that came in parts for keeps", () => {
    const seen: [Buffer, boolean][] = [];
    const sink = sinkOf(({ buffer, owned }) => seen.push([buffer, owned]));
    const reader = new FrameReader(bolt, sink, MEBIBYTE);
    const bytes = boltRequest(1, "hello");
    reader.feed(bytes, 0, bytes.length);
    reader.feed(bytes, 0, 30);
    reader.feed(bytes, 30, bytes.length);
    assert.equal(seen[0]?.[0], bytes);
    assert.equal(seen[0][1], false);
    assert.notEqual(seen[1]?.[0], bytes);
    assert.equal(seen[1]?.[1], true);
  });

  it("stops at a frame that ends the connection", () => {
    let frames = 0;
    const sink = sinkOf(() => {
      frames += 1;
      sink.closed = true;
    });
    const bytes = Buffer.concat([boltRequest(1, "a"), boltRequest(2, "b")]);
    new FrameReader(bolt, sink, MEBIBYTE).feed(bytes, 0, bytes.length);
    assert.equal(frames, 1);
  });

  it("keeps frames apart that it has copied: each has memory of its own", () => {
    const kept: BoltFrame[] = [];
    const reader = new FrameReader(bolt, sinkOf((frame) => kept.push(frame.keep())), MEBIBYTE); // prettier-ignore
    for (const content of ["first", "second"]) {
      const bytes = boltRequest(1, content);
      for (let at = 0; at < bytes.length; at += 7)
        reader.feed(bytes, at, Math.min(bytes.length, at + 7));
    }
    const texts = kept.map(({ buffer, contentAt, contentEnd }) =>
      buffer.toString("utf8", contentAt, contentEnd),
    );
    assert.deepEqual(texts, ["first", "second"]);
  });
});
