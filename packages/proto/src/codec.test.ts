import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, toJson } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { codecFor, DecodeError } from "./codec.ts";
import {
  GetBulkStateRequestSchema,
  GetFileResponseSchema,
  GetNextIdResponseSchema,
  GetStateRequestSchema,
  GetStateResponseSchema,
  TryLockRequestSchema,
} from "./gen/spec/proto/runtime/v1/runtime_pb.ts";

describe("codecFor", () => {
  it("serves a type without straight-line code through protobuf-es", () => {
    const codec = codecFor(GetBulkStateRequestSchema);
    const bytes = codec.encode({ storeName: "orders", keys: ["a", "b"] });
    assert.deepEqual(codec.decode(bytes).keys, ["a", "b"]);
  });

  it("encodes an object with some of the fields", () => {
    const codec = codecFor(GetStateResponseSchema);
    assert.deepEqual([...codec.encode({ etag: "7" })], [0x12, 1, 0x37]);
    assert.equal(codec.encode({}).length, 0);
  });

  it("decodes messages that protobuf-es takes as its own", () => {
    const codec = codecFor(GetStateRequestSchema);
    const message = codec.decode(codec.encode({ storeName: "orders", key: "k", consistency: 2 }));
    assert.deepEqual(toJson(GetStateRequestSchema, message), {
      storeName: "orders",
      key: "k",
      consistency: "CONSISTENCY_STRONG",
    });
  });

  it("throws the same DecodeError whoever decodes", () => {
    for (const schema of [GetStateRequestSchema, GetBulkStateRequestSchema]) {
      const isDecodeError = (error: unknown) =>
        error instanceof DecodeError &&
        error.typeName === schema.typeName &&
        error.message.startsWith(`Cannot decode "${schema.typeName}": `);
      assert.throws(() => codecFor(schema).decode(Buffer.from([0x0a, 5, 0x61])), isDecodeError);
      assert.throws(() => codecFor(schema).decode(Buffer.from([0x0a, 1, 0xff])), isDecodeError);
    }
  });

  it("passes over a known field of another wire type", () => {
    const message = codecFor(GetStateRequestSchema).decode(Buffer.from([0x08, 5, 0x12, 1, 0x6b]));
    assert.equal(message.storeName, "");
    assert.equal(message.key, "k");
  });

  it("keeps a map key named __proto__ as a key", () => {
    const entry = codecFor(GetStateRequestSchema).encode({ metadata: { ["__proto__"]: "x" } });
    const { metadata } = codecFor(GetStateRequestSchema).decode(entry);
    assert.deepEqual(Object.keys(metadata), ["__proto__"]);
    assert.equal(Object.getPrototypeOf(metadata), Object.prototype);
  });

  it("writes lone surrogates as U+FFFD, in short strings and long ones", () => {
    const codec = codecFor(GetStateRequestSchema);
    for (const head of ["", "a".repeat(100)]) {
      const decoded = codec.decode(codec.encode({ key: `${head}\uD800` }));
      assert.equal(decoded.key, `${head}\uFFFD`);
    }
  });

  it("covers all of int64 and refuses what lies beyond", () => {
    const codec = codecFor(GetNextIdResponseSchema);
    for (const nextId of ["1", "-1", "9007199254740993", "9223372036854775807"]) {
      assert.equal(codec.decode(codec.encode({ nextId })).nextId, nextId);
    }
    assert.throws(() => codec.encode({ nextId: "9223372036854775808" }), /does not fit/);
    assert.throws(() => codec.encode({ nextId: "1.5" }), SyntaxError);
  });

  it("writes negative int32 as ten bytes, as other languages read it", () => {
    const bytes = codecFor(TryLockRequestSchema).encode({ expire: -1 });
    assert.equal(Buffer.from(bytes).toString("hex"), "20ffffffffffffffffff01");
  });

  it("gives bytes that belong to the caller", () => {
    const codec = codecFor(GetStateResponseSchema);
    const data = Buffer.from("value");
    const first = codec.encode({ data });
    data.fill(0);
    assert.equal(Buffer.from(codec.decode(first).data).toString(), "value");
    assert.notEqual(codec.encode({ data }).byteOffset, first.byteOffset);
  });

  it("decodeCopy keeps nothing of the bytes, decode may", () => {
    const wire = Buffer.from([0x0a, 1, 0x61]); // field 1, bytes "a"
    const codec = codecFor(GetStateResponseSchema);
    const view = codec.decode(wire);
    const copy = codec.decodeCopy(wire);
    const reflective = codecFor(GetFileResponseSchema).decodeCopy(wire);
    wire.fill(0);
    assert.deepEqual([...view.data], [0]);
    assert.deepEqual([...copy.data], [0x61]);
    assert.deepEqual([...reflective.data], [0x61]);
  });

  it("encodes Empty to nothing and skips what a newer peer put into it", () => {
    assert.equal(codecFor(EmptySchema).encode(create(EmptySchema)).length, 0);
    assert.deepEqual(codecFor(EmptySchema).decode(Buffer.from([0x08, 1])), create(EmptySchema));
  });
});
