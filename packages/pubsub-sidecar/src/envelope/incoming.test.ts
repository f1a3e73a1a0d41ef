import assert from "node:assert/strict";
import { test } from "node:test";
import { buildEvent } from "./build.ts";
import type { Origin } from "./build.ts";

const type = "application/cloudevents+json";
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const otherTrace = "00-11111111111111111111111111111111-b7ad6b7169203331-00";
const origin: Origin = {
  pubsub: "bus",
  topic: "orders",
  traceparent: undefined,
  nowMs: 1_700_000_000_123,
  expiresAtMs: undefined,
};

function completed(text: string, more?: Partial<Origin>): string {
  const event = buildEvent(Buffer.from(text), type, { ...origin, ...more });
  assert.equal(event.contentType, type);
  const result = Buffer.from(event.bytes).toString();
  assert.equal((JSON.parse(result) as { id: string }).id, event.id);
  return result;
}

function parsed(text: string, more?: Partial<Origin>): Record<string, unknown> {
  return JSON.parse(completed(text, more)) as Record<string, unknown>;
}

const full =
  '{ "specversion" : "1.0",\n"id":"7","source":"/s","type":"t","datacontenttype":"application/json", "subject":"é","n":12345678901234567890,"data":{"b":1.0,"a":9007199254740993}';
const ours = '"topic":"orders","pubsubname":"bus","traceid":""';

test("an incoming event stays as it is, character by character, and gets its place", () => {
  assert.equal(completed(`${full} }`), `${full},${ours} }`);
});

test("an incoming event's topic, pubsubname and traceid are overwritten, however they are written", () => {
  const text = `{"topic":1,"topic":"x","pubsub\\u006eame":"y",${full.slice(2)},"traceid":"z"}`;
  assert.equal(completed(text), `{${full.slice(2)},${ours}}`);
});

test("an incoming event gets what it lacks", () => {
  for (const text of [
    "{}",
    '{"id":null,"source":"","type":null,"specversion":"","datacontenttype":""}',
  ]) {
    const { id, ...rest } = parsed(text);
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      source: "Dapr",
      specversion: "1.0",
      type: "com.dapr.event.sent",
      datacontenttype: "text/plain",
      topic: "orders",
      pubsubname: "bus",
      traceid: "",
    });
  }
});

for (const [data, contentType] of [
  ['"data":{"a":1}', "application/json"],
  ['"data":"text"', "application/json"],
  ['"data":null', "application/json"],
  ['"data_base64":"QQ=="', "application/octet-stream"],
  ['"data_base64":null,"data":1', "application/json"],
  ['"subject":"no data"', "text/plain"],
] as const) {
  test(`an incoming event with ${data} and no datacontenttype has ${contentType}`, () => {
    assert.equal(parsed(`{${data}}`)["datacontenttype"], contentType);
  });
}

test("an incoming event's own trace goes before the caller's", () => {
  const own = parsed(`{"traceparent":"${otherTrace}"}`, { traceparent });
  assert.equal(own["traceparent"], otherTrace);
  assert.equal(own["traceid"], "1".repeat(32));
  for (const text of ["{}", '{"traceparent":"x"}', '{"traceparent":7}']) {
    const callers = parsed(text, { traceparent });
    assert.equal(callers["traceparent"], traceparent);
    assert.equal(callers["traceid"], "0af7651916cd43dd8448eb211c80319c");
  }
});

test("an incoming event's expiration is kept unless the request has one", () => {
  const text = '{"expiration":"2030-01-01T00:00:00Z"}';
  assert.equal(parsed(text)["expiration"], "2030-01-01T00:00:00Z");
  assert.equal(parsed(text, { expiresAtMs: 0 })["expiration"], "1970-01-01T00:00:00.000Z");
});

test("an incoming event may name __proto__ and have members twice", () => {
  const result = completed('{"__proto__":{"id":5},"id":1,"id":"b","constructor":1}');
  assert.ok(result.includes('{"__proto__":{"id":5},"id":1,"id":"b","constructor":1,'));
  assert.equal(Object.hasOwn({}, "id"), false);
});

test("an incoming event may have data of any depth", () => {
  const deep = `{"data":${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  assert.ok(completed(`${deep}}`).startsWith(`${deep},`));
});

const faults: readonly (readonly [payload: string | Uint8Array, cause: RegExp])[] = [
  ["null", /it is null and no JSON object$/],
  ["[]", /it is an array and no JSON object$/],
  ["5", /it is a number and no JSON object$/],
  ['"x"', /it is a string and no JSON object$/],
  ["", /it is not JSON: Unexpected end of JSON input$/],
  ['{"id":"1"', /it is not JSON: /],
  ["{}\n}", /it is not JSON: /],
  [Buffer.from('{"id":"\xff"}', "latin1"), /it is not UTF-8$/],
  ['{"id":5}', /attribute "id" is a number and no string$/],
  ['{"source":{}}', /attribute "source" is an object and no string$/],
  ['{"type":[]}', /attribute "type" is an array and no string$/],
  ['{"specversion":1.0}', /attribute "specversion" is a number and no string$/],
  ['{"datacontenttype":true}', /attribute "datacontenttype" is a boolean and no string$/],
  ['{"data_base64":5}', /attribute "data_base64" is a number and no string$/],
  ['{"data_base64":"%"}', /attribute "data_base64" is not base64$/],
];

for (const [payload, cause] of faults) {
  test(`an incoming event is refused when it is ${JSON.stringify(String(payload))}`, () => {
    assert.throws(
      () => buildEvent(Buffer.from(payload), type, origin),
      (error: Error & { reason?: string }) => {
        assert.equal(error.reason, "CLOUD_EVENT_INVALID");
        assert.match(error.message, /^cannot create cloudevent: .+$/);
        assert.match(error.message, cause);
        return true;
      },
    );
  });
}
