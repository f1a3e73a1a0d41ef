import assert from "node:assert/strict";
import { test } from "node:test";
import { HpackDecoder } from "./decoder.ts";
import { HeaderTemplate, HpackEncoder } from "./encoder.ts";
import { HeaderField } from "./field.ts";

const target = Buffer.alloc(65536);

function encode(encoder: HpackEncoder, ...fields: HeaderField[]): string {
  const end = encoder.encode(fields, target, 0);
  assert.ok(end <= HpackEncoder.maxEncodedBytes(fields));
  return target.toString("hex", 0, end);
}

function encodeTemplate(encoder: HpackEncoder, template: HeaderTemplate): string {
  const end = encoder.encodeTemplate(template, target, 0);
  assert.ok(end <= template.maxBytes);
  return target.toString("hex", 0, end);
}

const field = (name: string, value: string, sensitive = false): HeaderField =>
  new HeaderField(name, value, sensitive);

/** The first octet of a block tells the representation of its first field. */
const isInserted = (hex: string): boolean => (parseInt(hex.slice(0, 2), 16) & 0xc0) === 0x40;
const isPlain = (hex: string): boolean => (parseInt(hex.slice(0, 2), 16) & 0xf0) === 0;
const isNeverIndexed = (hex: string): boolean => (parseInt(hex.slice(0, 2), 16) & 0xf0) === 0x10;

test("encode uses the static table for any instance of its fields", () => {
  const encoder = new HpackEncoder();
  assert.equal(encode(encoder, field(":method", "POST"), field(":status", "500")), "838e");
});

test("encode writes at the offset", () => {
  const end = new HpackEncoder().encode([field(":method", "POST")], target, 10);
  assert.equal(end, 11);
  assert.equal(target[10], 0x83);
});

const atOnce = [":path", ":authority", "te", "content-type", "user-agent", "grpc-encoding"];
for (const name of atOnce) {
  test(`encode indexes ${name} at first sight`, () => {
    const encoder = new HpackEncoder();
    assert.ok(isInserted(encode(encoder, field(name, "value"))));
    assert.equal(encode(encoder, field(name, "value")), "be");
  });
}

test("encode indexes other fields at second sight, the same instance or not", () => {
  const encoder = new HpackEncoder();
  const instance = field("x-tenant", "blue");
  assert.ok(isPlain(encode(encoder, instance)));
  assert.ok(isInserted(encode(encoder, field("x-tenant", "blue"))));
  assert.equal(encode(encoder, instance), "be");
  assert.equal(encode(encoder, instance), "be");
});

test("encode takes the name from the table when only the value is new", () => {
  const encoder = new HpackEncoder();
  encode(encoder, field("x-tenant", "blue"));
  encode(encoder, field("x-tenant", "blue"));
  assert.match(encode(encoder, field("x-tenant", "red")), /^0f2f/); // name index 62
});

const unworthy =
  "grpc-timeout content-length traceparent tracestate date grpc-message grpc-status-details-bin x-request-id set-cookie";
for (const name of unworthy.split(" ")) {
  test(`encode never indexes ${name}`, () => {
    const encoder = new HpackEncoder();
    const template = new HeaderTemplate([field(name, "value")]);
    for (let i = 0; i < 4; i++) assert.ok(isPlain(encode(encoder, field(name, "value"))));
    for (let i = 0; i < 4; i++) assert.ok(isPlain(encodeTemplate(encoder, template)));
  });
}

for (const name of ["authorization", "layotto-api-token", "dapr-api-token", "cookie"]) {
  test(`encode marks ${name} as never indexed`, () => {
    const encoder = new HpackEncoder();
    for (let i = 0; i < 4; i++) assert.ok(isNeverIndexed(encode(encoder, field(name, "short"))));
  });
}

test("encode never indexes long cookies, without the mark", () => {
  const encoder = new HpackEncoder();
  for (let i = 0; i < 4; i++) {
    assert.ok(isPlain(encode(encoder, field("cookie", "x".repeat(20)))));
  }
});

test("encode forwards the mark of sensitive fields, also where the static table has them", () => {
  const encoder = new HpackEncoder();
  encode(encoder, field("content-type", "text"));
  for (let i = 0; i < 3; i++) {
    assert.ok(isNeverIndexed(encode(encoder, field("content-type", "text", true))));
    assert.ok(isNeverIndexed(encode(encoder, field(":method", "GET", true))));
  }
});

test("encode does not index a field larger than a quarter of the table", () => {
  const encoder = new HpackEncoder();
  assert.ok(isInserted(encode(encoder, field(":path", "x".repeat(1024 - 37)))));
  for (let i = 0; i < 3; i++) {
    assert.ok(isPlain(encode(encoder, field(":path", "x".repeat(1024 - 36)))));
  }
});

test("encode does not confuse the tables of two encoders that share fields", () => {
  const shared = field("user-agent", "a");
  const left = new HpackEncoder();
  const right = new HpackEncoder();
  encode(left, shared);
  encode(left, field("user-agent", "b"));
  assert.ok(isInserted(encode(right, shared)));
  assert.equal(encode(left, shared), "bf");
  assert.equal(encode(right, shared), "be");
});

test("encode inserts again what was evicted", () => {
  const encoder = new HpackEncoder({ maxTableBytes: 200 });
  const path = field(":path", "/a");
  encode(encoder, path);
  assert.equal(encode(encoder, path), "be");
  for (let i = 0; i < 10; i++) encode(encoder, field(":path", `/${i}`));
  assert.ok(isInserted(encode(encoder, path)));
  assert.equal(encode(encoder, path), "be");
});

test("HpackEncoder announces a table smaller than the default", () => {
  const encoder = new HpackEncoder({ maxTableBytes: 256 });
  assert.equal(encode(encoder, field(":method", "GET")), "3fe10182");
  assert.equal(encode(encoder, field(":method", "GET")), "82");
});

test("setPeerMaxTableBytes announces a change once, with the smallest size in between", () => {
  const encoder = new HpackEncoder();
  const path = field(":path", "/a");
  encode(encoder, path);
  encoder.setPeerMaxTableBytes(256);
  encoder.setPeerMaxTableBytes(0);
  encoder.setPeerMaxTableBytes(1024);
  const hex = encode(encoder, path);
  assert.match(hex, /^203fe107/); // 0, then 1024
  assert.ok(isInserted(hex.slice(8)), "what was evicted is not referred to");
  assert.equal(encode(encoder, path), "be");
});

test("setPeerMaxTableBytes beyond the encoder's own limit changes nothing", () => {
  const encoder = new HpackEncoder();
  encoder.setPeerMaxTableBytes(65536);
  assert.equal(encode(encoder, field(":method", "GET")), "82");
});

test("encode with a table of 0 indexes nothing", () => {
  const encoder = new HpackEncoder();
  encoder.setPeerMaxTableBytes(0);
  assert.match(encode(encoder, field(":path", "/a")), /^20/);
  assert.ok(isPlain(encode(encoder, field(":path", "/a"))));
});

test("encodeTemplate indexes all that may be and then repeats its octets", () => {
  const encoder = new HpackEncoder();
  const template = new HeaderTemplate([
    field(":status", "200"),
    field("content-type", "application/grpc"),
    field("x-zone", "eu"),
    field("grpc-message", "m"),
  ]);
  assert.match(encodeTemplate(encoder, template), /^885f/);
  const repeated = encodeTemplate(encoder, template);
  assert.match(repeated, /^88bfbe0/);
  assert.equal(encodeTemplate(encoder, template), repeated);
});

test("encodeTemplate encodes afresh when the table has changed", () => {
  const encoder = new HpackEncoder();
  const template = new HeaderTemplate([field(":path", "/a")]);
  encodeTemplate(encoder, template);
  assert.equal(encodeTemplate(encoder, template), "be");
  encode(encoder, field(":path", "/b"));
  assert.equal(encodeTemplate(encoder, template), "bf");
  encoder.setPeerMaxTableBytes(0);
  assert.match(encodeTemplate(encoder, template), /^200/);
  assert.ok(isPlain(encodeTemplate(encoder, template)));
  encoder.setPeerMaxTableBytes(4096);
  assert.match(encodeTemplate(encoder, template), /^3fe11f44/);
  assert.equal(encodeTemplate(encoder, template), "be");
});

test("encodeTemplate serves more templates than its cache has slots", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 16384 });
  const templates = Array.from(
    { length: 200 },
    (_, i) => new HeaderTemplate([field("grpc-status", String(i)), field(":status", "200")]),
  );
  for (let round = 0; round < 3; round++) {
    for (const template of templates) {
      const end = encoder.encodeTemplate(template, target, 0);
      const values = decoder.decode(target, 0, end).fields.map((f) => f.value);
      assert.deepEqual(
        values,
        template.fields.map((f) => f.value),
      );
    }
  }
});

test("characters beyond U+00FF are sent as question marks, Huffman-coded or not", () => {
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 16384 });
  for (const value of ["aaaa\u010aaaa", "\u010a", "\u00ff\u010a\u00ff"]) {
    const end = new HpackEncoder().encode([field("x", value)], target, 0);
    const decoded = decoder.decode(target, 0, end).fields[0];
    assert.equal(decoded?.value, value.replace("\u010a", "?"));
  }
});
