import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as here from "./call-depth.ts";
import { factsOf } from "./request-facts.ts";

/** What another process has: a module that is loaded once more has marks of its own. */
const otherHost = import.meta.url.replace("request-facts.test", "call-depth");
const there = (await import(`${otherHost}?there`)) as typeof here; // the same file

/** Depth and mark of a call that leaves a host. */
const sent = (host: typeof here, depth: number): string => host.callOut(depth).text;

/** Header lines of a call that leaves a host for which it was nested like this. */
function linesFrom(host: typeof here, { depth, others }: here.Nesting): string[] {
  const lines = others === undefined ? [] : [here.depthHeader, others];
  return [...lines, here.depthHeader, sent(host, depth + 1)];
}

/** How another host reads lines. */
function readThere(lines: readonly string[]): here.Nesting {
  return there.nestingOf(lines.filter((_, i) => i % 2 === 1).join(", "));
}

describe("factsOf", () => {
  test("finds id and trace, and nothing in other headers", () => {
    const trace = ["traceparent", "00-1", "tracestate", "a=b"];
    const { id, options } = factsOf([":path", "/", "id", "shop", "id", "other", ...trace]);
    assert.equal(id, "shop");
    assert.deepEqual(options, { depth: 0, metadata: { traceparent: "00-1", tracestate: "a=b" } });
    assert.deepEqual(factsOf(["x", "1"]), { id: undefined, options: { depth: 0 } });
  });

  test("knows a call that comes back from another host, which hears of this one again", () => {
    const first = readThere(linesFrom(here, { depth: 0 }));
    assert.equal(first.nested, undefined);
    const lines = linesFrom(there, first);
    const back = factsOf(lines).options;
    assert.deepEqual([back.depth, back.nested], [2, true]);
    // What goes with calls of the function names the other host alone: this one adds itself to each.
    const theirs = lines.at(-1) ?? "";
    assert.deepEqual(back.metadata, { [here.depthHeader]: theirs });
    const further = linesFrom(here, { depth: 2, others: theirs });
    const again = readThere(further);
    assert.deepEqual([again.depth, again.nested], [3, true]);
    assert.equal(again.others, further.at(-1));
  });

  test("knows it after as many hosts as there are levels, and passes no more on than can be", () => {
    const made = Array.from({ length: 50 }, (_, i) => `1;${String(i).padStart(16, "x")}`).join();
    let lines = [here.depthHeader, made, ...linesFrom(here, { depth: 0 })];
    for (let depth = 1; depth < 8; depth += 1) {
      const { options } = factsOf(lines);
      assert.equal(options.nested, true, `at depth ${depth}`);
      const others = options.metadata?.[here.depthHeader] ?? "";
      assert.ok(others.split(",").length <= 8 && others.length < 256, others);
      const mark = String(depth).padStart(16, "h");
      lines = [...lines, here.depthHeader, `${depth + 1};${mark}`];
    }
  });

  test("goes by the deepest of several lines", () => {
    const lines = [here.depthHeader, sent(here, 2), here.depthHeader, "5"];
    assert.deepEqual(factsOf(lines).options, { depth: 5, nested: true });
  });
});
