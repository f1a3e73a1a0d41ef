import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asciiString, editObject, jsonFault, valueRange } from "./json.ts";

const space = fc.constantFrom("", " ", "\n", "\t\r\n ");

/** Objects as text, with white space, escaped names and names that come twice. */
const objectText = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom("a", "b", "data", "__proto__", "\\u0061", 'q\\"'), fc.string()),
        fc.json(),
        space,
        space,
      ),
    ),
    space,
    space,
  )
  .map(([members, before, after]) => {
    const texts = members.map(([name, value, left, right]) => {
      const key = name.includes("\\")
        ? `"${name.replaceAll(/[^\w\\"]/g, "")}"`
        : JSON.stringify(name);
      return `${left}${key}${right}:${left}${value}${right}`;
    });
    return `${before}{${after}${texts.join(",")}${before}}${after}`;
  })
  .filter((text) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  });

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

test("valueRange finds what JSON.parse finds", () => {
  fc.assert(
    fc.property(objectText, (text) => {
      const value = parse(text);
      for (const name of [...Object.keys(value), "absent"]) {
        const range = valueRange(text, name);
        const found = range && JSON.parse(text.slice(...range));
        const expected = Object.getOwnPropertyDescriptor(value, name)?.value as unknown;
        assert.deepEqual(found, expected, name);
      }
    }),
  );
});

test("editObject drops and adds members, and leaves all others as they are", () => {
  fc.assert(
    fc.property(objectText, fc.constantFrom("a", "data", "__proto__", "none"), (text, dropped) => {
      const edited = parse(editObject(text, (name) => name === dropped, ['"new":1', '"more":[2]']));
      const expected = Object.entries(parse(text)).filter(([name]) => name !== dropped);
      assert.deepEqual(
        new Map(Object.entries(edited)),
        new Map([...expected, ["new", 1], ["more", [2]]]),
      );
    }),
  );
});

test("editObject gives the same text again when what was added is taken away", () => {
  fc.assert(
    fc.property(objectText, (text) => {
      const added = editObject(text, () => false, ['"added one":{"a":[1]}', '"added two":"\\\\"']);
      assert.equal(
        editObject(added, (name) => name.startsWith("added "), []),
        text,
      );
    }),
  );
});

test("asciiString is the same string in ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const json = asciiString(text);
      assert.equal(JSON.parse(json), text);
      assert.match(json, /^[ -~]*$/);
    }),
  );
  assert.equal(asciiString("\uD800é"), '"\\ud800\\u00e9"');
});

for (const text of [
  "",
  "{",
  "nul",
  "secret",
  '{"secret":secret}',
  '{"a":1}secret',
  "\n\u0001secret",
  '"\n"',
]) {
  test(`jsonFault of ${JSON.stringify(text)} is one line without the data`, () => {
    assert.throws(
      () => parse(text),
      (error) => {
        assert.match(jsonFault(error), /^it is not JSON: [ -~]+$/);
        assert.doesNotMatch(jsonFault(error), /secret/);
        return true;
      },
    );
  });
}
