import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { buildEvent } from "./build.ts";
import { deadLetter, readDeadLetter } from "./dead-letter.ts";
import type { Failure } from "./dead-letter.ts";
import { parseEvent } from "./parse.ts";

const failure: Failure = {
  topic: "orders",
  pubsub: "bus",
  group: "shop",
  reason: 'the app answered "RETRY"\né',
  attempts: 10,
  firstAttemptMs: 1_700_000_000_123,
  nowMs: 1_700_000_060_456,
  messageId: "1700-0",
};
const again: Failure = { ...failure, topic: "orders-dead", reason: "again", attempts: 1 };
const event =
  '{ "id":"7","source":"s","type":"t","specversion":"1.0",\n "data":{"n":12345678901234567890} }\n';

function parse(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
}

function reread(bytes: Uint8Array): string | undefined {
  const letter = readDeadLetter(bytes);
  return letter && Buffer.from(letter.original).toString();
}

test("deadLetter is the event with the reason in extension attributes", () => {
  const bytes = deadLetter(Buffer.from(event), failure);
  assert.ok(Buffer.from(bytes).toString().startsWith(event.slice(0, -3)));
  const attributes = Object.entries(parse(bytes)).slice(5);
  assert.deepEqual(Object.fromEntries(attributes), {
    deadlettertopic: "orders",
    deadletterpubsub: "bus",
    deadlettergroup: "shop",
    deadletterreason: failure.reason,
    deadletterattempts: 10,
    deadletterfirsttime: "2023-11-14T22:13:20.123Z",
    deadlettertime: "2023-11-14T22:14:20.456Z",
    deadletterid: "1700-0",
  });
  for (const [name] of attributes) assert.match(name, /^[a-z0-9]{1,20}$/);
});

test("deadLetter can be parsed as the event that it was", () => {
  const original = Buffer.from(event);
  assert.deepEqual(parseEvent(deadLetter(original, failure)), parseEvent(original));
});

test("readDeadLetter gives back the event, its id and the failure", () => {
  const letter = readDeadLetter(deadLetter(Buffer.from(event), failure));
  assert.ok(letter);
  assert.deepEqual(letter.failure, failure);
  assert.equal(letter.id, "7");
  assert.equal(Buffer.from(letter.original).toString(), event);
});

test("deadLetter takes the expiration away, nothing else", () => {
  const expiring = event.replace('"data"', '"expiration":"2000-01-01T00:00:00Z", "data"');
  const bytes = deadLetter(Buffer.from(expiring), failure);
  const parsed = parseEvent(bytes);
  assert.ok(!("unreadable" in parsed));
  assert.equal(parsed.expiresAtMs, undefined);
  assert.equal(reread(bytes), event.replace("\n ", " "));
});

test("deadLetter of a dead letter replaces the reason", () => {
  const first = deadLetter(Buffer.from(event), failure);
  const second = deadLetter(first, again);
  assert.equal(second.length, deadLetter(Buffer.from(event), again).length);
  assert.deepEqual(readDeadLetter(second)?.failure, again);
  assert.equal(reread(second), event);
});

for (const bytes of ["not json", "", "{}", '{"id":5}', "null", '\uFEFF{"id":"1"}']) {
  test(`deadLetter wraps ${JSON.stringify(bytes)}, which is no event`, () => {
    const letter = deadLetter(Buffer.from(bytes), failure);
    const wrapped = parseEvent(letter);
    assert.ok(!("unreadable" in wrapped));
    assert.equal(wrapped.id, "bus/orders/1700-0");
    assert.equal(wrapped.dataContentType, "application/octet-stream");
    assert.equal(Buffer.from(wrapped.data).toString(), bytes);
    assert.deepEqual(readDeadLetter(letter)?.failure, failure);
    assert.equal(reread(letter), bytes);
    assert.equal(reread(deadLetter(letter, again)), bytes);
  });
}

test("deadLetter does not take an event for wrapped because its publisher says so", () => {
  const forged = event.replace('"data"', '"deadletterwrapped":true, "data_base64":"QQ==", "data"');
  const unforged = event.replace('"data"', '"data_base64":"QQ==", "data"').replace("\n ", " ");
  assert.equal(reread(deadLetter(Buffer.from(forged), failure)), unforged);
});

test("deadLetter keeps every byte of an event that is not UTF-8", () => {
  const original = Buffer.from(event.replace('"7"', '"\u00ff"'), "latin1");
  assert.ok(!("unreadable" in parseEvent(original)));
  assert.deepEqual(readDeadLetter(deadLetter(original, failure))?.original, original);
});

const failures: fc.Arbitrary<Failure> = fc.record(
  {
    topic: fc.string({ unit: "binary" }),
    pubsub: fc.string(),
    group: fc.string(),
    reason: fc.string({ unit: "binary" }),
    attempts: fc.nat(),
    firstAttemptMs: fc.nat({ max: 4e12 }),
    nowMs: fc.nat({ max: 4e12 }),
    messageId: fc.string(),
  },
  { noNullPrototype: true },
);

const originals = fc.oneof(
  fc.uint8Array(),
  fc
    .tuple(fc.json(), fc.constantFrom("application/json", "text/plain", "application/octet-stream"))
    .map(([data, contentType]) => {
      const origin = {
        pubsub: "p",
        topic: "t",
        traceparent: undefined,
        nowMs: 0,
        expiresAtMs: undefined,
      };
      return buildEvent(Buffer.from(data), contentType, origin).bytes;
    }),
  fc.json().map((data) => Buffer.from(event.replace(/"data.*\}/, () => `"data":${data}\n}`))),
);

test("readDeadLetter undoes deadLetter byte by byte, once and twice", () => {
  fc.assert(
    fc.property(originals, failures, failures, (original, first, second) => {
      const letter = deadLetter(original, first);
      const { failure: firstRead, original: once } = readDeadLetter(letter) ?? {};
      assert.deepEqual(firstRead, first);
      assert.ok(once && Buffer.compare(once, original) === 0);
      const { failure: secondRead, original: twice } =
        readDeadLetter(deadLetter(letter, second)) ?? {};
      assert.deepEqual(secondRead, second);
      assert.ok(twice && Buffer.compare(twice, original) === 0);
    }),
    { numRuns: 300 },
  );
});

test("readDeadLetter gives undefined for what is no dead letter of ours", () => {
  const letter = Buffer.from(deadLetter(Buffer.from(event), failure)).toString();
  const others = [
    "",
    "x",
    "null",
    "[]",
    event,
    letter.replace('"orders"', "5"),
    letter.replace('"id":"7"', '"id":7'),
    letter.replace('"deadletterattempts":10', '"deadletterattempts":"10"'),
    letter.replace("2023-11", "23-11"),
    letter.replace("deadletterreason", "deadletterraison"),
    letter.replace(/\}\s*$/, ',"deadletterwrapped":true}'),
  ];
  for (const text of others) assert.equal(readDeadLetter(Buffer.from(text)), undefined, text);
});

test("readDeadLetter never throws", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => readDeadLetter(bytes) === undefined));
  const deep = Buffer.from("[".repeat(100_000));
  assert.equal(readDeadLetter(deep), undefined);
  assert.equal(reread(deadLetter(deep, failure)), deep.toString());
});
