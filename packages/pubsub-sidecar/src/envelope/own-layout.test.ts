import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { buildEvent } from "./build.ts";
import { utf8Text } from "./bytes.ts";
import { readOwnLayout } from "./own-layout.ts";
import { parseEvent } from "./parse.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** A blank in front changes nothing but that the layout is not ours, so the general way reads it. */
function general(bytes: Uint8Array): ReturnType<typeof parseEvent> {
  return parseEvent(Buffer.concat([Buffer.from(" "), bytes]));
}

const built = fc
  .record({
    data: fc.oneof(fc.json(), fc.string({ unit: "binary" })),
    contentType: fc.constantFrom(
      "",
      "text/a",
      "application/json",
      "x/y",
      "application/octet-stream",
    ),
    topic: fc.constantFrom("orders", 'a"\\b', "é"),
    trace: fc.constantFrom(undefined, traceparent),
    expiresAtMs: fc.constantFrom(undefined, 0),
  })
  .map(({ data, contentType, topic, trace, expiresAtMs }) => {
    const origin = { pubsub: "p", topic, traceparent: trace, nowMs: 0, expiresAtMs };
    return Buffer.from(buildEvent(Buffer.from(data), contentType, origin).bytes);
  });

/** Pieces that may change what an event means when they come to stand somewhere in it. */
const piece = fc.oneof(
  fc.constantFrom('"', "\\", "{", "}", ",", ":", " ", "\n", "null", "1", '"x"', "\u0000", "é"),
  fc.constantFrom(
    ',"id":"z"',
    ',"data":2',
    ',"data_base64":"QQ"',
    '"__proto__":{},',
    "\\u0041",
    ',"id":5',
  ),
  fc.uint8Array({ maxLength: 2 }),
);

const cut = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat({ max: 3 }),
  piece,
});

function mutate(bytes: Buffer, at: number, length: number, insert: string | Uint8Array): Buffer {
  const start = Math.floor(at * bytes.length);
  return Buffer.concat([
    bytes.subarray(0, start),
    Buffer.from(insert),
    bytes.subarray(start + length),
  ]);
}

test("readOwnLayout reads what is built here", () => {
  const { bytes } = buildEvent(Buffer.from("{}"), "application/json", {
    pubsub: "p",
    topic: "t",
    traceparent,
    nowMs: 0,
    expiresAtMs: 0,
  });
  assert.ok(readOwnLayout(utf8Text(bytes) ?? "", bytes));
});

test("readOwnLayout reads exactly what the general way does, also when the event was changed", () => {
  let read = 0;
  fc.assert(
    fc.property(built, fc.array(cut, { maxLength: 2 }), (original, cuts) => {
      let bytes: Buffer = original;
      for (const change of cuts) bytes = mutate(bytes, change.at, change.length, change.piece);
      const event = parseEvent(bytes);
      const expected = general(bytes);
      if ("unreadable" in expected) assert.ok("unreadable" in event);
      else assert.deepEqual(event, expected);
      if (readOwnLayout(bytes.toString(), bytes) !== undefined) read++;
    }),
    { numRuns: 3000 },
  );
  assert.ok(read > 300, `only ${read} events were in the layout`);
});

for (const data of [
  '1,"id":"x"',
  '{},"data":3',
  " 1",
  "1 ",
  "",
  '"a"}',
  '{"a":1}}',
  '1,"data_base64":"QQ=="',
  '1,"datacontenttype":5',
]) {
  test(`readOwnLayout leaves data ${JSON.stringify(data)} to the general way`, () => {
    const { bytes } = buildEvent(Buffer.from("{}"), "application/json", {
      pubsub: "p",
      topic: "t",
      traceparent: undefined,
      nowMs: 0,
      expiresAtMs: undefined,
    });
    const text = Buffer.from(bytes)
      .toString()
      .replace(/\{\}\}$/, () => `${data}}`);
    const changed = Buffer.from(text);
    assert.equal(readOwnLayout(text, changed), undefined);
    const event = parseEvent(changed);
    const expected = general(changed);
    if ("unreadable" in expected) assert.ok("unreadable" in event);
    else assert.deepEqual(event, expected);
  });
}
