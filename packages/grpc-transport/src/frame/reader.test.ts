import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectionError } from "../connection/connection-error.ts";
import { frame } from "../testing/raw-frames.ts";
import { ErrorCode } from "./constants.ts";
import { FrameReader, type FrameSink } from "./reader.ts";

class Frames implements FrameSink {
  closed = false;
  closeAfter = Number.POSITIVE_INFINITY;
  readonly seen: string[] = [];

  onFrame(buffer: Buffer, type: number, flags: number, id: number, start: number, end: number) {
    this.seen.push(`${type}:${flags}:${id}:${buffer.toString("latin1", start, end)}`);
    this.closed = this.seen.length >= this.closeAfter;
  }
}

const bytes = Buffer.concat([
  frame(0, 1, 1, Buffer.from("hello")),
  frame(6, 0, 0),
  frame(9, 4, 0x7fff_ffff, Buffer.from("x".repeat(30))),
]);
const expected = ["0:1:1:hello", "6:0:0:", `9:4:2147483647:${"x".repeat(30)}`];

describe("FrameReader", () => {
  test("gives the same frames for every split into three reads of a buffer that is used again", () => {
    const shared = Buffer.alloc(bytes.length);
    for (let i = 0; i <= bytes.length; i++) {
      for (let j = i; j <= bytes.length; j++) {
        const frames = new Frames();
        const reader = new FrameReader(frames, 100);
        for (const [from, to] of [
          [0, i],
          [i, j],
          [j, bytes.length],
        ] as const) {
          shared.fill(0xff);
          bytes.copy(shared, 0, from, to);
          reader.feed(shared, 0, to - from);
        }
        assert.deepEqual(frames.seen, expected, `split at ${i} and ${j}`);
      }
    }
  });

  test("ignores the reserved bit of the stream", () => {
    const frames = new Frames();
    const one = frame(0, 0, 5);
    one[5] = 0x80;
    new FrameReader(frames, 100).feed(one, 0, one.length);
    assert.deepEqual(frames.seen, ["0:0:5:"]);
  });

  test("parses nothing once its sink is closed", () => {
    const frames = new Frames();
    frames.closeAfter = 2;
    new FrameReader(frames, 100).feed(bytes, 0, bytes.length);
    assert.equal(frames.seen.length, 2);
  });

  test("refuses a frame over the limit as soon as its header is there", () => {
    const large = frame(0, 0, 1, Buffer.alloc(101));
    for (const cut of [9, 5]) {
      const reader = new FrameReader(new Frames(), 100);
      const feed = (): void => {
        reader.feed(large, 0, cut);
        reader.feed(large, cut, 9);
      };
      const tooLarge = (error: unknown): boolean =>
        error instanceof ConnectionError && error.code === ErrorCode.FRAME_SIZE_ERROR;
      assert.throws(feed, tooLarge);
    }
    const fits = new Frames();
    new FrameReader(fits, 101).feed(large, 0, large.length);
    assert.equal(fits.seen.length, 1);
  });
});
