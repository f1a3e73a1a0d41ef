import assert from "node:assert/strict";
import { test } from "node:test";
import { buildEvent } from "./build.ts";
import type { Origin } from "./build.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const origin: Origin = {
  pubsub: "bus",
  topic: "orders",
  traceparent: undefined,
  nowMs: 1_700_000_000_123,
  expiresAtMs: undefined,
};

/** The event without its id, as text. */
function built(data: string | Uint8Array, contentType: string, more?: Partial<Origin>): string {
  const event = buildEvent(Buffer.from(data), contentType, { ...origin, ...more });
  assert.match(event.id, uuid);
  assert.equal(event.contentType, "application/cloudevents+json");
  const text = Buffer.from(event.bytes).toString();
  assert.ok(text.startsWith(`{"id":"${event.id}",`));
  return `{${text.slice(`{"id":"${event.id}",`.length)}`;
}

function expected(contentType: string, rest: string): string {
  return (
    `{"source":"runtime","specversion":"1.0","type":"com.runtime.event.sent",` +
    `"datacontenttype":"${contentType}","topic":"orders","pubsubname":"bus",` +
    `"time":"2023-11-14T22:13:20.123Z","traceid":"",${rest}}`
  );
}

const json = "application/json";
const rows: readonly (readonly [
  name: string,
  data: string | Uint8Array,
  type: string,
  data: string,
])[] = [
  ["JSON object", '{"a":[1,2]}', json, '"data":{"a":[1,2]}'],
  [
    "JSON with numbers and order as they are",
    '{"b":12345678901234567890,"a":1.0}',
    json,
    '"data":{"b":12345678901234567890,"a":1.0}',
  ],
  ["JSON with characters beyond ASCII", '{"a":"é€😀"}', json, '"data":{"a":"é€😀"}'],
  ["JSON with white space", " [1,\n2] ", json, '"data": [1,\n2] '],
  ["JSON null", "null", json, '"data":null'],
  ["JSON string", '"x"', json, '"data":"x"'],
  ["JSON by suffix", "{}", "application/vnd.x+json", '"data":{}'],
  ["JSON with parameters", "{}", "Application/JSON; charset=utf-8", '"data":{}'],
  ["JSON that is none", '{"a":', json, '"data":"{\\"a\\":"'],
  ["JSON that would break out of its place", '1,"id":"x"', json, '"data":"1,\\"id\\":\\"x\\""'],
  ["JSON of nothing", "", json, '"data":""'],
  ["JSON that is not UTF-8", Buffer.from([0x22, 0xff, 0x22]), json, '"data_base64":"Iv8i"'],
  ["JSON after a byte order mark", "\uFEFF{}", json, '"data":"\uFEFF{}"'],
  ["bytes", Buffer.from([0, 0xff]), "application/octet-stream", '"data_base64":"AP8="'],
  ["no bytes", "", "application/octet-stream", '"data_base64":""'],
  ["text", 'say "é"\n', "text/plain", '"data":"say \\"é\\"\\n"'],
  ["text that looks like JSON", "{}", "text/plain", '"data":"{}"'],
  ["text that is not UTF-8", Buffer.from([0x61, 0xff]), "text/plain", '"data_base64":"Yf8="'],
  ["XML", "<a/>", "application/xml", '"data":"<a/>"'],
  ["an unknown type", "x=1", "application/x-www-form-urlencoded", '"data":"x=1"'],
];

for (const [name, data, contentType, rest] of rows) {
  test(`buildEvent with ${name}`, () => {
    const text = built(data, contentType);
    assert.equal(text, expected(contentType, rest));
    JSON.parse(text);
  });
}

test("buildEvent takes data without a type for text/plain", () => {
  assert.equal(built("hi", ""), expected("text/plain", '"data":"hi"'));
});

test("buildEvent adds the trace of the caller", () => {
  const text = built("hi", "", { traceparent });
  assert.ok(
    text.includes(`"traceid":"0af7651916cd43dd8448eb211c80319c","traceparent":"${traceparent}"`),
  );
});

for (const wrong of [
  "",
  "x",
  `${traceparent}0`,
  traceparent.replace("00-0af", "ff-0af"),
  traceparent.toUpperCase(),
  `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
  `00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01`,
  `${traceparent}\n`,
]) {
  test(`buildEvent ignores the malformed trace ${JSON.stringify(wrong)}`, () => {
    assert.equal(built("hi", "", { traceparent: wrong }), expected("text/plain", '"data":"hi"'));
  });
}

test("buildEvent says when the event expires", () => {
  const text = built("hi", "", { expiresAtMs: origin.nowMs + 1000 });
  assert.ok(
    text.includes(
      '"time":"2023-11-14T22:13:20.123Z","traceid":"","expiration":"2023-11-14T22:13:21.123Z","data"',
    ),
  );
  assert.ok(built("hi", "", { expiresAtMs: 2 ** 53 }).includes('"expiration":"9999-12-31'));
});

test("buildEvent escapes names", () => {
  const names = { topic: 'o"\\\n\u2028é😀', pubsub: "\u0000}" };
  const event = JSON.parse(built("[]", 'application/json; a="é"', names)) as Record<
    string,
    unknown
  >;
  assert.equal(event["topic"], names.topic);
  assert.equal(event["pubsubname"], names.pubsub);
  assert.equal(event["datacontenttype"], 'application/json; a="é"');
  assert.deepEqual(event["data"], []);
});

test("buildEvent stays right with more topics than it remembers", () => {
  for (let i = 0; i < 3000; i++) {
    assert.ok(built("{}", json, { topic: `t${i}` }).includes(`"topic":"t${i}",`));
  }
  const topic = "t".repeat(5000);
  assert.ok(built("{}", json, { topic }).includes(`"topic":"${topic}",`));
});

test("buildEvent takes a view of other bytes", () => {
  const view = new Uint8Array(Buffer.from('xx{"a":1}xx')).subarray(2, 9);
  const { bytes } = buildEvent(view, json, origin);
  assert.ok(Buffer.from(bytes).toString().endsWith(',"data":{"a":1}}'));
});

test("buildEvent takes JSON of any depth", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  assert.ok(built(deep, json).endsWith(`"data":${deep}}`));
  assert.ok(built("[".repeat(100_000), json).endsWith('["}'));
});
