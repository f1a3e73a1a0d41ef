import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { redactSecrets } from "../secrets.ts";
import { checkZod } from "./check-zod.ts";
import { secret, stringBool, stringDuration, stringInt, stringList } from "./fields.ts";
import { type JsonSchema, checkSchema } from "./json-schema.ts";

/** What both validators, zod in the process and JSON Schema in the command line, say about a value. */
function verdicts(schema: z.ZodType, value: unknown): string[] {
  const published = z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
  const own = checkZod(schema, value, []).faults[0]?.message ?? "fine";
  return [own, checkSchema(published, value)[0]?.message ?? "fine"];
}

describe("stringInt", () => {
  const schema = stringInt({ min: 1, max: 10 });
  for (const [value, parsed] of [
    [5, 5],
    ["7", 7],
    [" 10 ", 10],
  ] as const) {
    it(`reads ${JSON.stringify(value)}`, () => assert.equal(schema.parse(value), parsed));
  }
  for (const value of ["ten", 1.5, true, null]) {
    it(`refuses ${JSON.stringify(value)} in the same words everywhere`, () => {
      const text = 'must be a whole number, e.g. 10 or "10", from 1 to 10';
      assert.deepEqual(verdicts(schema, value), [text, text]);
    });
  }
  it("refuses a number beyond its limits", () => {
    assert.match(verdicts(schema, 11)[0] ?? "", /from 1 to 10/);
    assert.match(verdicts(schema, "0")[0] ?? "", /from 1 to 10/);
  });
});

describe("stringBool", () => {
  for (const [value, parsed] of [
    [true, true],
    ["true", true],
    ["1", true],
    ["No", false],
    ["", false],
  ] as const) {
    it(`reads ${JSON.stringify(value)}`, () => assert.equal(stringBool().parse(value), parsed));
  }
  it("takes capitals in both validators", () => {
    assert.deepEqual(verdicts(stringBool(), "TRUE"), ["fine", "fine"]);
  });
  it("refuses other words in the same words everywhere", () => {
    const text = 'must be true or false, e.g. true or "true"';
    assert.deepEqual(verdicts(stringBool(), "perhaps"), [text, text]);
  });
});

describe("stringDuration", () => {
  for (const [value, ms] of [
    ["2s", 2000],
    ["500ms", 500],
    ["1m30s", 90_000],
    [5, 5000],
    ["5", 5000],
    ["1.5h", 5_400_000],
  ] as const) {
    it(`reads ${JSON.stringify(value)} as ${ms} ms`, () =>
      assert.equal(stringDuration().parse(value), ms));
  }
  it("takes plain numbers in the unit asked for", () =>
    assert.equal(stringDuration("ms").parse("5"), 5));
  it("refuses anything else in the same words everywhere", () => {
    const text = 'must be a duration, e.g. "2s", "500ms" or "1m30s"';
    assert.deepEqual(verdicts(stringDuration(), "soon"), [text, text]);
  });
});

describe("stringList", () => {
  it("reads a list and a text with separators alike", () => {
    assert.deepEqual(stringList().parse("a:1, b:2,"), ["a:1", "b:2"]);
    assert.deepEqual(stringList(";").parse("a;b"), ["a", "b"]);
    assert.deepEqual(stringList().parse(["a", " b"]), ["a", "b"]);
  });
});

describe("secret", () => {
  it("makes its value unprintable, in both validators", () => {
    z.object({ password: secret() }).parse({ password: "zod-secret" });
    const marked = z.strictObject({
      s: z.record(z.string(), z.object({ token: z.string().meta({ secret: true }).optional() })),
    });
    checkZod(marked, { s: { a: { token: "marked-secret" } }, wrong: 1 }, []);
    assert.equal(redactSecrets("a marked-secret"), "a [secret]");
    const published = z.toJSONSchema(z.object({ password: secret() }), {
      io: "input",
    }) as JsonSchema;
    checkSchema(published, { password: "json-secret" });
    assert.equal(redactSecrets("a zod-secret, a json-secret"), "a [secret], a [secret]");
  });
});
