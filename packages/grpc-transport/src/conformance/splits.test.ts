/** The same bytes must mean the same however the network cuts them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { FrameReader } from "../frame/reader.ts";
import { MessageReader } from "../grpc/message-reader.ts";
import { Status } from "../index.ts";
import { frame, grpcMessage, type RawFrame } from "../testing/raw-frames.ts";

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

interface RawMessage {
  readonly payload: Buffer;
  readonly compressed: boolean;
}

const anyMessage: fc.Arbitrary<RawMessage> = fc
  .tuple(fc.uint8Array({ maxLength: MAX_FRAME_BYTES }), fc.boolean())
  .map(([payload, compressed]) => ({ payload: Buffer.from(payload), compressed }));

function encodeMessages(messages: readonly RawMessage[]): Buffer {
  return Buffer.concat(messages.map(({ payload, compressed }) => grpcMessage(payload, compressed)));
}

/** A message that is not `owned` is a view of the input and copied here, as callers must. */
function readMessages(chunks: Iterable<Buffer>, maxBytes: number): [RawMessage[], number] {
  const messages: RawMessage[] = [];
  const sink = {
    onMessage(message: Buffer, compressed: boolean, owned: boolean) {
      messages.push({ payload: owned ? message : Buffer.from(message), compressed });
    },
  };
  const reader = new MessageReader(sink, maxBytes);
  for (const chunk of chunks) {
    const shared = Buffer.concat([Buffer.from("before"), chunk, Buffer.from("after")]);
    reader.push(shared, 6, 6 + chunk.length);
    shared.fill(0xee);
  }
  return [messages, reader.heldBytes];
}

describe("MessageReader", () => {
  it("reads the same messages under every split", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 12 }), anyCuts, (messages, cuts) => {
        const chunks = pieces(encodeMessages(messages), cuts);
        assert.deepEqual(readMessages(chunks, MAX_FRAME_BYTES), [messages, 0]);
      }),
    );
  });

  it("reads the same messages byte by byte", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 4 }), (messages) => {
        const ones = Array.from(encodeMessages(messages), (byte) => Buffer.from([byte]));
        assert.deepEqual(readMessages(ones, MAX_FRAME_BYTES), [messages, 0]);
      }),
      { numRuns: 50 },
    );
  });

  it("holds what is incomplete under every split", () => {
    const missing = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(anyMessage, anyMessage, missing, anyCuts, (first, second, cut, cuts) => {
        const whole = encodeMessages([first, second]);
        const [messages, held] = readMessages(
          pieces(whole.subarray(0, whole.length - cut), cuts),
          MAX_FRAME_BYTES,
        );
        assert.deepEqual(messages, [first]);
        assert.equal(held, second.payload.length + 5 - cut);
      }),
    );
  });

  it("refuses a message over the limit under every split, and keeps those before it", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 3 }), anyCuts, (messages, cuts) => {
        const claim = Buffer.from([0, 0, 0, 2, 0]);
        const chunks = pieces(Buffer.concat([encodeMessages(messages), claim]), cuts);
        assert.throws(() => readMessages(chunks, MAX_FRAME_BYTES), {
          code: Status.RESOURCE_EXHAUSTED,
          message: `Received message larger than max (512 vs. ${MAX_FRAME_BYTES})`,
        });
      }),
    );
  });

  it("refuses a compressed flag that is neither 0 nor 1", () => {
    assert.throws(() => readMessages([Buffer.from([2, 0, 0, 0, 0])], MAX_FRAME_BYTES), {
      code: Status.INTERNAL,
    });
  });
});
