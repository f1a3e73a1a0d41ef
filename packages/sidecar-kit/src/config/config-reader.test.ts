import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigReader, type Findings } from "./config-reader.ts";
import { pathText } from "./fault.ts";

/** What a section might add. */
class Section extends ConfigReader {
  name(): string {
    return this.text("name") ?? "nobody";
  }
}

function reading(map: Record<string, unknown>) {
  const found: Findings = { faults: [], warnings: [] };
  const texts = (list: Findings["faults"]) =>
    list.map(({ path, message }) => `${pathText(path)}: ${message}`);
  const node = new Section(map, ["s"], found);
  return { node, faults: () => texts(found.faults), warnings: () => texts(found.warnings) };
}

describe("ConfigReader", () => {
  test("reads values by their types; null, what is missing and an empty text are nothing", () => {
    const { node, faults } = reading({
      text: "a", none: null, empty: "", whole: 3, yes: true, time: "1m30s", ms: 20, word: "b", number: 1,
      labels: { a: "x", b: 1, c: false },
    }); // prettier-ignore
    assert.deepEqual(
      [node.text("text"), node.text("none"), node.text("empty"), node.text("toString"), node.raw("toString")],
      ["a", undefined, undefined, undefined, undefined],
    ); // prettier-ignore
    assert.deepEqual([node.has("none"), node.has("empty"), node.keys().length], [false, true, 9]);
    assert.deepEqual([node.integer("whole", { max: 3 }), node.flag("yes")], [3, true]);
    assert.deepEqual([node.duration("time"), node.duration("ms")], [90_000, 20]);
    assert.deepEqual([node.choice("word", ["a", "b"]), node.choice("number", ["0", "1"])], ["b", "1"]); // prettier-ignore
    assert.deepEqual(node.labels("labels"), { a: "x", b: "1", c: "false" });
    assert.deepEqual(faults(), []);
  });

  test("names what is wrong, by its path, once", () => {
    const { node, faults, warnings } = reading({
      text: 1, half: 1.5, small: -1, large: 9, flag: "yes", time: "soon", word: "appel", map: [], maps: [1], labels: { a: [] },
    }); // prettier-ignore
    for (let i = 0; i < 2; i += 1) {
      node.text("text");
      node.integer("half");
      node.integer("small");
      node.integer("large", { min: 1, max: 8 });
      node.flag("flag");
      node.duration("time");
      node.choice("word", ["apple", "pear"]);
      node.child("map");
      node.children("maps");
      node.labels("labels");
      node.fault(undefined, "is odd");
      node.faultAt(["a", 0], "is odd");
      node.warn("text", "is old");
      node.warnAt(["a", 1], "is old");
    }
    assert.deepEqual(faults(), [
      "s.text: must be a string",
      "s.half: must be a whole number",
      "s.small: must be at least 0",
      "s.large: must be at most 8",
      "s.flag: must be true or false",
      's.time: must be a duration, e.g. "2s", "500ms" or "1m30s"',
      's.word: must be one of apple, pear; did you mean "apple"?',
      "s.map: must be a map",
      "s.maps: must be a list of maps",
      "s.labels.a: must be a string",
      "s: is odd",
      "s.a[0]: is odd",
    ]);
    assert.deepEqual(warnings(), ["s.text: is old", "s.a[1]: is old"]);
  });

  test("reads maps further inside in the same way", () => {
    const { node, faults } = reading({ map: { name: "m" }, maps: [{ name: "a" }, { name: 2 }] });
    assert.equal(node.child("map")?.name(), "m");
    assert.equal(node.child("none"), undefined);
    assert.deepEqual(
      node.children("maps").map((each) => each.name()),
      ["a", "nobody"],
    );
    assert.deepEqual(faults(), ["s.maps[1].name: must be a string"]);
  });
});
