import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { redactSecrets } from "../secrets.ts";
import { schemaOf } from "../describe.ts";
import { checkPublished } from "./check-published.ts";
import { checkZod } from "./check-zod.ts";
import type { ConfigFault } from "./fault.ts";
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

describe("checkPublished", () => {
  const fields = z.strictObject({
    count: stringInt({ min: 1, max: 10 }).default(3),
    on: stringBool().default(false),
    wait: stringDuration("s").default(1500),
    hosts: stringList().optional(),
    password: secret({ minLength: 4 }).optional(),
    nested: z.strictObject({ mode: z.enum(["a", "b"]).default("a") }).prefault({}),
  });

  for (const value of [
    {},
    { count: "7", on: "yes", wait: "2", hosts: " a, b,,c", password: "long" },
    { count: 7, on: true, wait: 2, hosts: ["a ", ""], nested: { mode: "b" } },
    { count: " 10 ", on: "", wait: "1m30s" },
  ]) {
    it(`reads ${JSON.stringify(value)} as the schema itself does`, async () => {
      const published = await schemaOf(async () => fields);
      const { value: read, faults } = checkPublished(published, value, []);
      assert.deepEqual(faults, []);
      assert.deepEqual(read, fields.parse(value));
    });
  }

  for (const value of [
    { count: "11" },
    { count: "0", on: "perhaps", wait: "soon" },
    { password: "abc", nested: { mode: "c", more: 1 } },
  ]) {
    it(`refuses ${JSON.stringify(value)} in the words of the schema itself`, async () => {
      const published = await schemaOf(async () => fields);
      const texts = (faults: readonly ConfigFault[]) =>
        faults.map(({ path, message }) => `${path.join(".")}: ${message}`).sort();
      const found = checkPublished(published, value, []).faults;
      assert.deepEqual(texts(found), texts(checkZod(fields, value, []).faults));
      assert.ok(found.length > 0);
    });
  }

  it("leaves unknown keys out with a warning when it is lenient", async () => {
    const published = await schemaOf(async () => fields);
    const { value, faults, warnings } = checkPublished(published, { cuont: 1 }, ["x"], true);
    assert.deepEqual([value, faults], [fields.parse({}), []]);
    assert.deepEqual(warnings, [
      { path: ["x", "cuont"], message: 'unknown key; did you mean "count"?, ignored' },
    ]);
  });
});

describe("schemaOf", () => {
  it("refuses to publish what a process that checks with schema.json alone would not know", async () => {
    const refined = z.object({ a: z.string().refine((text) => text !== "x") });
    const changed = z.object({ a: z.string().transform((text) => text.length) });
    for (const schema of [refined, changed]) {
      await assert.rejects(
        schemaOf(async () => schema),
        /^Error: Cannot publish .*a: schema\.json cannot say its refine or transform/,
      );
      await schemaOf(schema); // checked by itself when the process runs
    }
  });
});
