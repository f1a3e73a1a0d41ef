/** The same bytes must mean the same however the network cuts them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { FrameReader } from "../frame/reader.ts";
import { frame, type RawFrame } from "../testing/raw-frames.ts";

const MAX_FRAME_BYTES = 400;

const anyFrame: fc.Arbitrary<RawFrame> = fc
  .tuple(
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 0, max: 0x7fffffff }),
    fc.uint8Array({ maxLength: MAX_FRAME_BYTES }),
  )
  .map(([type, flags, streamId, payload]) => {
    return { type, flags, streamId, payload: Buffer.from(payload) };
  });

/** Lengths of the pieces; the last piece is whatever is left. */
const anyCuts = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 60 })), {
  maxLength: 400,
});

function encode(frames: readonly RawFrame[]): Buffer {
  return Buffer.concat(
    frames.map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, payload)),
  );
}

function* pieces(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const cut of cuts) {
    yield bytes.subarray(at, at + cut);
    at = Math.min(bytes.length, at + cut);
  }
  yield bytes.subarray(at);
}

/** Feeds through one buffer that is overwritten afterwards, as the socket's read buffer is. */
function readFrames(chunks: Iterable<Buffer>, maxFrameBytes: number): RawFrame[] {
  const frames: RawFrame[] = [];
  const sink = {
    closed: false,
    onFrame(buffer: Buffer, type: number, flags: number, id: number, start: number, end: number) {
      frames.push({ type, flags, streamId: id, payload: Buffer.from(buffer.subarray(start, end)) });
    },
  };
  const reader = new FrameReader(sink, maxFrameBytes);
  for (const chunk of chunks) {
    const shared = Buffer.concat([Buffer.from("before"), chunk, Buffer.from("after")]);
    reader.feed(shared, 6, 6 + chunk.length);
    shared.fill(0xee);
  }
  return frames;
}

describe("FrameReader", () => {
  it("reads the same frames under every split", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), anyCuts, (frames, cuts) => {
        assert.deepEqual(readFrames(pieces(encode(frames), cuts), MAX_FRAME_BYTES), frames);
      }),
    );
  });

  it("reads the same frames byte by byte", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 4 }), (frames) => {
        const bytes = encode(frames);
        const ones = Array.from(bytes, (byte) => Buffer.from([byte]));
        assert.deepEqual(readFrames(ones, MAX_FRAME_BYTES), frames);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses a frame over the limit under every split, and keeps those before it", () => {
    const tooLong = fc.uint8Array({ minLength: 101, maxLength: 300 });
    const short = anyFrame.filter(({ payload }) => payload.length <= 100);
    fc.assert(
      fc.property(fc.array(short, { maxLength: 4 }), tooLong, anyCuts, (frames, payload, cuts) => {
        const bytes = Buffer.concat([encode(frames), frame(0, 0, 1, payload)]);
        assert.throws(() => readFrames(pieces(bytes, cuts), 100), { code: 6 });
      }),
    );
  });
});
