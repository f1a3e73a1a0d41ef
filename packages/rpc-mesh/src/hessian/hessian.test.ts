import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { mutate } from "../multiplex/testing/read-frames.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { HessianError } from "./hessian-error.ts";
import { HessianReader } from "./hessian-reader.ts";
import { HessianWriter } from "./hessian-writer.ts";
import { hessianLimits, type HessianLimits } from "./limits.ts";
import { oracle, sofaOracle } from "./testing/oracle.ts";

function readerOf(bytes: Buffer | string, limits: HessianLimits = hessianLimits): HessianReader {
  const buffer = typeof bytes === "string" ? Buffer.from(bytes.replaceAll(" ", ""), "hex") : bytes;
  return new HessianReader(buffer, 0, buffer.length, limits);
}

/** Skips one value and demands that nothing is left. */
function skipWhole(bytes: Buffer | string): void {
  const reader = readerOf(bytes);
  reader.skip();
  assert.equal(reader.at, reader.end);
}

const anyText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((codes) => String.fromCharCode(...codes)), // lone surrogates
);

/** Values that hessian.js writes: with classes, lists, maps, references. */
const { anyValue } = fc.letrec<{ anyValue: unknown }>((tie) => ({
  anyValue: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc
      .bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n })
      .map((value) => ({ $class: "long", $: String(value) })),
    fc.date({ noInvalidDate: true }),
    fc.string({ maxLength: 60, unit: "binary" }),
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie("anyValue"), { maxLength: 10 }),
    fc.dictionary(fc.string({ maxLength: 4, unit: "binary-ascii" }), tie("anyValue"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    fc
      .array(fc.string({ maxLength: 3, unit: "binary-ascii" }), { maxLength: 10 })
      .map((texts) => ({ $class: "[string", $: texts })),
    tie("anyValue").map((child) => ({ $class: "com.test.Node", $: { name: "n", child } })),
    tie("anyValue").map((child) => ({ $class: "com.test.Other", $: { child, again: child } })),
  ),
}));

describe("HessianReader", () => {
  it("passes over every opcode of Hessian 2.0", () => {
    const values = [
      "4e", "54", "46", "80", "bf", "c0ff", "cf00", "d00000", "d7ffff", "49 80000000",
      "d8", "ef", "f0ff", "ff00", "380000", "3fffff", "59 00000001", "4c 8000000000000000",
      "44 3fe0000000000000", "5b", "5c", "5d 80", "5e 8000", "5f 000001f4", "4a 0000000000000001", "4b 00000001",
      "00", "02 6869", "30 05 68656c6c6f", "33 00" + "61".repeat(0x300), "53 0001 61", "52 0001 61 52 0001 62 01 63",
      "20", "22 0102", "34 02 0102", "42 0001 ff", "41 0001 ff 41 0000 21 ee",
      "55 04 5b696e74 91 92 5a", "55 90 91 5a", "57 91 92 5a", "57 5a", "56 04 5b696e74 92 91 92", "58 92 91 92", "58 90",
      "72 04 5b696e74 91 92", "70 90", "7a 91 92", "78", "7f 91919191919191",
      "48 0161 91 5a", "48 5a", "4d 0161 0161 91 5a", "4d 90 5a",
      "43 0161 90 60", "43 0161 91 0162 60 91", "43 0161 92 0162 0163 4f 90 91 92", "51 90", "51 c8ff",
      "43 0161 91 0162 7a 60 91 60 51 90",
    ]; // prettier-ignore
    for (const value of values) skipWhole(value);
    const all = readerOf(values.map((value) => value.replaceAll(" ", "")).join(""));
    while (!all.atEnd) all.skip();
  });

  it("refuses opcodes that are none and what does not fit", () => {
    const values = [
      "45", "47", "50", "5a", "40", "", "01", "3001", "53ffff61", "4900", "4c00", "5d", "42 ffff 00", "20 20 41",
      "58 4980000000", "58 497fffffff", "58 97 91", "56 04 5b696e74", "60", "4f 95", "43 0161 497fffffff", "43 91",
      "43 0161 91", "48 91", "48 91 5a 91", "4d 4e", "7a 91", "02 c328", "01 80", "01 c0", "01 f09f9880", "01 ff",
      "51 4e", "55 54 5a", "57 91", "52 0001 61",
    ]; // prettier-ignore
    for (const value of values) {
      const reader = readerOf(value);
      assert.throws(() => {
        do reader.skip();
        while (!reader.atEnd);
      }, HessianError, value); // prettier-ignore
    }
  });

  it("passes over whatever hessian.js writes", () => {
    fc.assert(
      fc.property(anyValue, (value) => skipWhole(oracle.encode(value, "2.0"))),
      { numRuns: 400 },
    );
  });

  it("passes over whatever sofa-hessian-node writes in the final dialect", () => {
    const user = { $class: "com.test.User", $: { name: { $class: "java.lang.String", $: "a😀" }, age: { $class: "int", $: 3 }, tags: { $class: "java.util.ArrayList", $: [{ $class: "java.lang.String", $: "x" }] } } }; // prettier-ignore
    const list = { $class: "java.util.ArrayList", $: [user, user] };
    skipWhole(sofaOracle.v4.encode(list, "2.0"));
  });

  it("reads texts as hessian.js writes them, of any characters", () => {
    const pieces = [
      "",
      "a".repeat(31),
      "ü".repeat(32),
      "汉".repeat(1023),
      "😀".repeat(600),
      "x".repeat(0x8000),
      "😀".repeat(40_000),
    ];
    for (const text of pieces) assert.equal(readerOf(oracle.encode(text, "2.0")).text(), text);
  });

  it("reads characters beyond the plane in four octets too", () => {
    assert.equal(readerOf("02 f09f9880").text(), "😀");
  });

  it("reads what HessianWriter writes, lone surrogates too", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const reader = readerOf(new HessianWriter().text(text).bytes());
        assert.equal(reader.text(), text);
        assert.ok(reader.atEnd);
      }),
    );
    const long = "a😀".repeat(50_000);
    assert.equal(readerOf(new HessianWriter().text(long).bytes()).text(), long);
  });

  it("reads numbers as hessian.js writes them", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -300_000, max: 300_000 })), (value) => {
        assert.equal(readerOf(oracle.encode(value, "2.0")).int(), value);
        const long = { $class: "long", $: value };
        assert.equal(readerOf(oracle.encode(long, "2.0")).scalar(), String(value));
        assert.equal(readerOf(new HessianWriter().int(value).bytes()).int(), value);
        assert.equal(oracle.decode(new HessianWriter().int(value).bytes(), "2.0"), value);
      }),
    );
  });

  it("reads a map of texts, its keys in lower case, and leaves out what is no scalar", () => {
    const bytes = oracle.encode(
      { Path: "a", timeout: 1000, on: true, list: [1, { a: 2 }], none: null },
      "2.0",
    );
    assert.deepEqual(Object.fromEntries(readerOf(bytes).textMap()), {
      path: "a",
      timeout: "1000",
      on: "true",
    });
    assert.deepEqual([...readerOf("4e").textMap()], []);
    assert.deepEqual(
      [...readerOf("4d 11 6a6176612e7574696c2e486173684d6170 0161 0162 5a").textMap()],
      [["a", "b"]],
    );
  });

  it("follows a reference to a map", () => {
    // [ {x: [1]}, {a: "b"} ] then a reference to the second map: list 0, map 1, list 2, map 3
    const reader = readerOf("7a 48 0178 79 91 5a 48 0161 0162 5a  51 93");
    reader.skip();
    assert.deepEqual([...reader.textMap()], [["a", "b"]]);
    assert.throws(() => readerOf("51 90").textMap(), HessianError);
  });

  it("reads the class of an object", () => {
    const bytes = oracle.encode({ $class: "com.test.Oops", $: { detailMessage: "no" } }, "2.0");
    const reader = readerOf(bytes);
    assert.deepEqual(reader.beginObject(), { name: "com.test.Oops", fields: ["detailMessage"] });
    assert.equal(reader.text(), "no");
    assert.equal(readerOf("91").beginObject(), undefined);
  });

  it("gives up what is too deep, too large or too long", () => {
    const small = { maxDepth: 8, maxValues: 100, maxTextBytes: 16, maxEntries: 2 };
    assert.throws(() => readerOf("79".repeat(9) + "91", small).skip(), /deep/);
    readerOf("79".repeat(7) + "91", small).skip();
    assert.throws(
      () => readerOf(`58 c864 ${"91".repeat(200)}`, small).skip(),
      /more than 100 parts/,
    );
    assert.throws(() => readerOf(`30 20 ${"61".repeat(32)}`, small).text(), /longer than 16/);
    assert.throws(
      () => readerOf("48 0161 91 0161 91 0161 91 5a", small).textMap(), // the same key each time
      HessianError,
    );
    assert.throws(
      () => readerOf("48 0161 91 0162 91 0163 91 5a", small).textMap(),
      /more than 2 entries/,
    );
    assert.throws(() => readerOf(Buffer.alloc(1_000_000, 0x79)).skip(), HessianError);
    assert.throws(() => readerOf(Buffer.alloc(1_000_000, 0x57)).skip(), HessianError);
  });

  it("throws nothing but HessianError at damaged bytes", () => {
    const random = seededRandom(5);
    const [first] = fc.sample(anyValue, { numRuns: 1, seed: 1 });
    const seeds = fc
      .sample(anyValue, { numRuns: 60, seed: 7 })
      .map((value) => oracle.encode([first, value], "2.0"));
    for (let round = 0; round < 5000; round += 1) {
      const reader = readerOf(mutate(seeds[round % seeds.length] ?? Buffer.alloc(0), random));
      try {
        if (round % 3 === 0) reader.textMap();
        else if (round % 3 === 1) reader.beginObject();
        while (!reader.atEnd) reader.skip();
      } catch (error) {
        assert.ok(error instanceof HessianError, String(error));
      }
    }
  });
});

describe("HessianWriter", () => {
  it("is understood by hessian.js", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
        assert.equal(oracle.decode(new HessianWriter().text(text).bytes(), "2.0"), text);
      }),
    );
    const map = new HessianWriter().textMap([["a", "1"], ["ü", "😀"]]).bytes(); // prettier-ignore
    assert.deepEqual(oracle.decode(map, "2.0"), { a: "1", ü: "😀" });
    assert.equal(oracle.decode(new HessianWriter().null().bytes(), "2.0"), null);
    assert.equal(oracle.decode(new HessianWriter().boolean(true).bytes(), "2.0"), true);
  });
});
