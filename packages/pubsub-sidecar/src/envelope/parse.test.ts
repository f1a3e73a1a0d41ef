import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { buildEvent } from "./build.ts";
import type { Origin } from "./build.ts";
import { parseEvent, rawEvent } from "./parse.ts";
import type { Event } from "./parse.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const origin: Origin = { pubsub: "b", topic: "t", traceparent, nowMs: 0, expiresAtMs: 5000 };

function parsed(bytes: string | Uint8Array): Event {
  const event = parseEvent(Buffer.from(bytes));
  assert.ok(!("unreadable" in event), JSON.stringify(event));
  return event;
}

function textOf(event: Event): string {
  return Buffer.from(event.data).toString();
}

test("parseEvent gives all attributes", () => {
  const built = buildEvent(Buffer.from('{"a":1}'), "application/json", origin);
  assert.deepEqual(parsed(built.bytes), {
    id: built.id,
    source: "runtime",
    type: "com.runtime.event.sent",
    specVersion: "1.0",
    dataContentType: "application/json",
    data: Buffer.from('{"a":1}'),
    expiresAtMs: 5000,
    traceparent,
  });
});

const head = '{"id":"7","source":"s","type":"t","specversion":"0.3"';
const rows: readonly (readonly [rest: string, contentType: string, data: string])[] = [
  [
    '"datacontenttype":"application/json","data":{"b": 1.0, "a":9007199254740993}',
    "application/json",
    '{"b": 1.0, "a":9007199254740993}',
  ],
  ['"datacontenttype":"application/x+json","data": "é" ', "application/x+json", '"é"'],
  ['"datacontenttype":"application/json","data":null', "application/json", "null"],
  ['"datacontenttype":"application/json"', "application/json", ""],
  [
    '"datacontenttype":"application/cloudevents+json","data":{}',
    "application/cloudevents+json",
    "{}",
  ],
  ['"datacontenttype":"application/json","data_base64":"e30="', "application/json", "{}"],
  ['"datacontenttype":"text/plain","data_base64":"aGk","data":"no"', "text/plain", "hi"],
  ['"datacontenttype":"text/plain","data":"\\u00e9\\n\\""', "text/plain", 'é\n"'],
  ['"datacontenttype":"text/plain","data":"\\ud800"', "text/plain", "\uFFFD"],
  ['"datacontenttype":"text/plain","data":{"a":1}', "text/plain", '{"a":1}'],
  ['"datacontenttype":"text/plain","data":[1, 2]', "text/plain", "[1, 2]"],
  ['"datacontenttype":"text/plain","data":null', "text/plain", ""],
  ['"datacontenttype":"text/plain"', "text/plain", ""],
  ['"datacontenttype":"TEXT/html; charset=utf-8","data":"<p>"', "TEXT/html; charset=utf-8", "<p>"],
  ['"datacontenttype":"application/xml","data":"<p/>"', "application/xml", "<p/>"],
  ['"datacontenttype":"image/png","data":"x"', "image/png", "x"],
  ['"datacontenttype":"image/png","data":17', "image/png", "17"],
  [
    '"datacontenttype":"application/octet-stream","data_base64":"AA\\r\\n=="',
    "application/octet-stream",
    "\0",
  ],
  ['"datacontenttype":"application/octet-stream","data_base64":""', "application/octet-stream", ""],
  ['"datacontenttype":"application/octet-stream","data":"x"', "application/octet-stream", "x"],
  [
    '"datacontenttype":"application/json","data":1,"d\\u0061ta":{"x":"}\\\\\\""}',
    "application/json",
    '{"x":"}\\\\\\""}',
  ],
  ['"data":{"a":1}', "application/json", '{"a":1}'],
  ['"datacontenttype":null,"data":"x"', "application/json", '"x"'],
  ['"datacontenttype":"","data":"x"', "application/json", '"x"'],
  ['"data_base64":"QQ=="', "application/octet-stream", "A"],
  ['"subject":"s"', "text/plain", ""],
  ['"data":1,"__proto__":{"data":2},"toString":3', "application/json", "1"],
];

for (const [rest, contentType, data] of rows) {
  test(`parseEvent with ${rest}`, () => {
    const event = parsed(`${head},${rest}}`);
    assert.equal(textOf(event), data);
    assert.equal(event.dataContentType, contentType);
    assert.equal(event.specVersion, "0.3");
  });
}

test("parseEvent ignores an expiration and a trace that cannot be read", () => {
  for (const value of ['"tomorrow"', "5", "null", '"2023"']) {
    const event = parsed(`${head},"expiration":${value},"traceparent":${value}}`);
    assert.equal(event.expiresAtMs, undefined);
    assert.equal(event.traceparent, "");
  }
});

const unreadable: readonly (readonly [text: string, reason: RegExp])[] = [
  ["", /^it is not JSON: Unexpected end of JSON input$/],
  ["hello", /^it is not JSON: Unexpected token/],
  ["\uFEFF{}", /^it is not JSON: /],
  ["null", /^it is null and no JSON object$/],
  ["[1]", /^it is an array and no JSON object$/],
  ["{}", /^attribute "id" is missing$/],
  ['{"__proto__":{"id":"1"}}', /^attribute "id" is missing$/],
  ['{"id":5}', /^attribute "id" is a number and no string$/],
  ['{"id":"5","id":null}', /^attribute "id" is missing$/],
  ['{"id":"1"}', /^attribute "source" is missing$/],
  ['{"id":"1","source":"s"}', /^attribute "type" is missing$/],
  ['{"id":"1","source":"s","type":"t"}', /^attribute "specversion" is missing$/],
  [`${head},"datacontenttype":5}`, /^attribute "datacontenttype" is a number and no string$/],
  [`${head},"data_base64":{}}`, /^attribute "data_base64" is an object and no string$/],
  [`${head},"data_base64":"%"}`, /^attribute "data_base64" is not base64$/],
];

for (const [text, reason] of unreadable) {
  test(`parseEvent says why it cannot read ${JSON.stringify(text)}`, () => {
    const event = parseEvent(Buffer.from(text));
    assert.ok("unreadable" in event);
    assert.match(event.unreadable, reason);
  });
}

test("parseEvent does not mind how deep the data is", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  assert.equal(textOf(parsed(`${head},"data":${deep}}`)), deep);
  assert.ok("unreadable" in parseEvent(Buffer.from("[".repeat(100_000))));
  assert.ok("unreadable" in parseEvent(Buffer.from('{"id":'.repeat(100_000))));
});

test("parseEvent never throws", () => {
  const fragment = fc.constantFrom(
    head,
    "{",
    "}",
    ",",
    ":",
    '"data"',
    '"id"',
    '"',
    "\\",
    "1",
    "null",
  );
  const soup = fc.array(fragment, { maxLength: 12 }).map((parts) => Buffer.from(parts.join("")));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), soup), (bytes) => {
      const event = parseEvent(bytes);
      assert.ok("unreadable" in event ? /^[ -~]+$/.test(event.unreadable) : event.data);
    }),
  );
});

const contentTypes = [
  "",
  "text/plain",
  "text/html; charset=utf-8",
  "application/xml",
  "application/x-form",
  "application/octet-stream",
  "application/json",
  "application/problem+json",
];

test("what was built is parsed again, for every content type", () => {
  const payload = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(fc.constantFrom(...contentTypes), payload, fc.string(), (type, text, topic) => {
      const data = Buffer.from(text);
      const { id, bytes } = buildEvent(data, type, { ...origin, topic });
      const event = parsed(bytes);
      assert.equal(event.id, id);
      assert.equal(event.dataContentType, type || "text/plain");
      assert.equal(event.traceparent, traceparent);
      assert.equal(event.expiresAtMs, 5000);
      assert.equal(textOf(event), type.includes("json") ? delivered(data) : data.toString());
    }),
    { numRuns: 500 },
  );
});

/** JSON arrives as it is but for white space around it, everything else as a JSON string. */
function delivered(data: Buffer): string {
  try {
    JSON.parse(data.toString());
    return data.toString().trim();
  } catch {
    return JSON.stringify(data.toString());
  }
}

test("any bytes are parsed again as octet-stream", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      const { bytes } = buildEvent(data, "application/octet-stream", origin);
      assert.deepEqual(parsed(bytes).data, Buffer.from(data));
    }),
  );
});

test("an incoming event is parsed again with the same data", () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (data, subject) => {
      const text = `{"subject":${JSON.stringify(subject)},"data":${data}}`;
      const { id, bytes } = buildEvent(Buffer.from(text), "application/cloudevents+json", origin);
      const event = parsed(bytes);
      assert.equal(event.id, id);
      assert.equal(textOf(event), data);
    }),
  );
});

test("rawEvent has the same id each time the message comes", () => {
  const bytes = Buffer.from([0, 255]);
  const event = rawEvent(bytes, "bus", "orders", "1-0");
  assert.deepEqual(event, rawEvent(bytes, "bus", "orders", "1-0"));
  assert.deepEqual(event, {
    id: "bus/orders/1-0",
    source: "runtime",
    type: "com.runtime.event.sent",
    specVersion: "1.0",
    dataContentType: "application/octet-stream",
    data: bytes,
    expiresAtMs: undefined,
    traceparent: "",
  });
  assert.notEqual(rawEvent(bytes, "b", "t", "").id, rawEvent(bytes, "b", "t", "").id);
});
