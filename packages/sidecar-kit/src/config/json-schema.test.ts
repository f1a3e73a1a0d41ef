import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { checkZod } from "./check-zod.ts";
import { closestWord } from "./did-you-mean.ts";
import { pathText } from "./fault.ts";
import { type JsonSchema, checkSchema } from "./json-schema.ts";

const schema = z.strictObject({
  name: z.string().min(1),
  port: z.int().min(1).max(65_535).optional(),
  mode: z.enum(["fast", "safe"]).default("safe"),
  tags: z.array(z.string()).optional(),
  limits: z.record(z.string(), z.number()).optional(),
  on: z.boolean().optional(),
  address: z.union([z.string(), z.strictObject({ host: z.string() })]).optional(),
});
const published = z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
const lines = (faults: { path: readonly PropertyKey[]; message: string }[]) =>
  faults.map(({ path, message }) => `${pathText(path)}: ${message}`).sort();

describe("checkSchema and checkZod", () => {
  for (const [value, ...expected] of [
    [{ name: "a" }],
    [
      {
        name: "a",
        port: 1,
        mode: "fast",
        tags: ["x"],
        limits: { a: 1 },
        on: true,
        address: { host: "h" },
      },
    ],
    [{}, "name: is missing"],
    [[], ": must be a map, not a list"],
    [{ name: "" }, "name: must not be empty"],
    [{ name: 1 }, "name: must be a string, not a number"],
    [{ name: "a", prot: 1 }, 'prot: unknown key; did you mean "port"?'],
    [{ name: "a", zzz: 1 }, "zzz: unknown key"],
    [{ name: "a", mode: "fats" }, 'mode: must be one of fast, safe; did you mean "fast"?'],
    [{ name: "a", port: 0 }, "port: must be at least 1"],
    [{ name: "a", port: 65_536 }, "port: must be at most 65535"],
    [{ name: "a", tags: ["x", 2] }, "tags[1]: must be a string, not a number"],
    [{ name: "a", limits: { "a b": "x" } }, 'limits["a b"]: must be a number, not a string'],
    [{ name: "a", on: "yes" }, "on: must be true or false, not a string"],
    [
      { name: null, on: null },
      "name: must be a string, not null",
      "on: must be true or false, not null",
    ],
    [
      { name: "a", address: { hots: "h" } },
      "address.host: is missing",
      'address.hots: unknown key; did you mean "host"?',
    ],
  ] as const) {
    it(`agree about ${JSON.stringify(value)}`, () => {
      assert.deepEqual(lines(checkSchema(published, value)), expected, "JSON Schema");
      const own = lines(checkZod(schema, value, []).faults);
      // Inside a union zod does not say which alternative has which keys, so it offers no word.
      assert.deepEqual(
        own.map((line) =>
          line.replace(/^(address\.hots: unknown key)$/, '$1; did you mean "host"?'),
        ),
        expected,
        "zod",
      );
    });
  }
});

describe("checkZod: lenient", () => {
  it("leaves unknown keys out with a warning, deep inside too", () => {
    const nested = z.strictObject({ a: schema });
    const checked = checkZod(nested, { a: { name: "n", prot: 1 }, b: 2 }, ["root"], true);
    assert.deepEqual(checked.faults, []);
    assert.deepEqual(checked.value, { a: { name: "n", mode: "safe" } });
    assert.deepEqual(lines(checked.warnings), [
      'root.a.prot: unknown key; did you mean "port"?, ignored',
      'root.b: unknown key; did you mean "a"?, ignored',
    ]);
  });
});

describe("closestWord", () => {
  for (const [word, expected] of [
    ["redsi", "redis"],
    ["Redis", "redis"],
    ["etcd3", "etcd"],
    ["kafka", undefined],
    ["lokc", "lock"],
  ] as const) {
    it(`takes ${word} for ${expected}`, () => {
      assert.equal(closestWord(word, ["redis", "etcd", "lock", "embedded"]), expected);
    });
  }
});
