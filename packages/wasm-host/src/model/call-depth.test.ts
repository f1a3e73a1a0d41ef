import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callOut, nestingOf } from "./call-depth.ts";

const a = "A".repeat(16);
const b = "B".repeat(16);
const depthText = (depth: number): string => callOut(depth).text;

describe("nestingOf", () => {
  test("knows what this process has written", () => {
    assert.deepEqual(nestingOf(depthText(3)), { depth: 3, nested: true });
  });

  test("goes by the depth that it has written, whatever is made of it", () => {
    const { text } = callOut(5);
    for (const digits of ["1", "0", "7"]) {
      assert.deepEqual(nestingOf(text.replace(/^5/u, digits)), { depth: 5, nested: true });
    }
  });

  test("does not know a call any more that is answered", () => {
    const call = callOut(3);
    call.end();
    assert.deepEqual(nestingOf(call.text), { depth: 3, others: call.text });
  });

  test("counts the depth that others claim, and gives them nothing for it", () => {
    assert.deepEqual(nestingOf("3"), { depth: 3 });
    assert.deepEqual(nestingOf(`3;${a}`), { depth: 3, others: `3;${a}` });
    assert.deepEqual(nestingOf("99999"), { depth: 1000 });
  });

  test("takes what is no depth for 0", () => {
    for (const text of ["", "-1", "x", "1.5", ";", ",", `0;${a}`]) {
      assert.deepEqual(nestingOf(text), { depth: 0 }, text);
    }
  });

  test("takes the deepest of several entries, wherever it is", () => {
    assert.deepEqual(nestingOf(`2,${depthText(5)}`), { depth: 5, nested: true });
    assert.deepEqual(nestingOf("7, 1"), { depth: 7 });
  });

  test("knows its own entry among those of other hosts, and passes the others on", () => {
    const others = `2;${a},3;${b}`;
    assert.deepEqual(nestingOf(`${depthText(1)}, 2;${a}, 3;${b}`), { depth: 3, nested: true, others }); // prettier-ignore
  });

  test("keeps of a long text what came last, and of marks only what is one", () => {
    const made = `1;${a},`.repeat(10_000);
    const long = nestingOf(`${made}${depthText(2)},3;${b}`);
    assert.deepEqual([long.depth, long.nested], [3, true]);
    assert.equal(long.others?.split(",").length, 7);
    assert.ok(long.others.endsWith(`,3;${b}`));
    assert.deepEqual(nestingOf("1".repeat(100_000)), { depth: 1000 });
    for (const mark of ["x", "A".repeat(17), `${"A".repeat(15)};`, `${"A".repeat(15)}\n`]) {
      assert.deepEqual(nestingOf(`4;${mark}`), { depth: 4 }, mark);
    }
  });
});
