import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspectModule } from "./inspect.ts";
import { leb, rawModule } from "./testing/raw-module.ts";

/** A module with one function, a table of 9 elements, and one element segment. */
function withSegment(...segment: readonly number[]): Uint8Array {
  return rawModule(
    [1, [0x01, 0x60, 0x00, 0x00]],
    [3, [0x01, 0x00]],
    [4, [0x01, 0x70, 0x00, 0x09]],
    [9, [0x01, ...segment]],
    [10, [0x01, 0x02, 0x00, 0x0b]],
  );
}

const offset = [0x41, 0x00, 0x0b];
const nullFunction = [0xd0, 0x70, 0x0b];

describe("readElements()", () => {
  it("reads segments of all eight kinds", () => {
    const [indexes, expressions] = [[2, 0, 0], [2, ...nullFunction, 0xd2, 0x00, 0x0b]]; // prettier-ignore
    const segments = [
      [0, ...offset, ...indexes],
      [1, 0x00, ...indexes],
      [2, 0x00, ...offset, 0x00, ...indexes],
      [3, 0x00, ...indexes],
      [4, ...offset, ...expressions],
      [5, 0x70, ...expressions],
      [6, 0x00, ...offset, 0x70, ...expressions],
      [7, 0x70, ...expressions],
    ];
    for (const segment of segments) {
      const bytes = withSegment(...segment);
      assert.ok(WebAssembly.validate(bytes), `kind ${segment[0]}`);
      inspectModule(bytes);
    }
  });

  it("refuses types of newer proposals, which would hide entries from the count", () => {
    // Taken for a type of one octet, 0x70 would be the count, 112 entries that are read out of the real ones.
    const entries = Array.from({ length: 1000 }, () => nullFunction).flat();
    for (const type of [[0x63, 0x70], [0x64, 0x70], [0x63, 0x00], [0x73]]) // prettier-ignore
      for (const head of [[5], [7], [6, 0x00, ...offset]])
        assert.throws(() => inspectModule(withSegment(...head, ...type, ...leb(1000), ...entries)), {
          reason: "UNSUPPORTED_MODULE",
          message: /the value type 0x(63|64|73)/u,
        }); // prettier-ignore
  });

  it("refuses types that are no references, unknown kinds of elements and of segments", () => {
    const broken = (message: RegExp, ...segment: number[]): void =>
      assert.throws(() => inspectModule(withSegment(...segment)), {
        reason: "INVALID_MODULE",
        message,
      });
    broken(/i32 is no type of a table's elements/u, 5, 0x7f, 0);
    broken(/0x0 is no value type/u, 5, 0x00, 0);
    broken(/0x70 is no kind of elements/u, 1, 0x70, 0);
    broken(/0x1 is no kind of elements/u, 2, 0x00, ...offset, 0x01, 0);
    broken(/8 is no kind of element segment/u, 8, ...offset, 0);
    broken(/128 is no kind of element segment/u, ...leb(128), ...offset, 0);
  });
});
