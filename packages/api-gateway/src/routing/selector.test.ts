import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { DynamicConfigurationSchema } from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import { GetStateRequestSchema } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import fc from "fast-check";
import { selectString } from "./selector.ts";

const storeName = [1];
const componentName = [1, 2];

function getState(init: Parameters<typeof create<typeof GetStateRequestSchema>>[1]): Uint8Array {
  return toBinary(GetStateRequestSchema, create(GetStateRequestSchema, init));
}

const metadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 });
const text = fc.string({ unit: "grapheme" });

describe("selectString", () => {
  test("finds store_name of any GetStateRequest", () => {
    fc.assert(
      fc.property(text, text, metadata, (store, key, map) => {
        const bytes = getState({ storeName: store, key, consistency: 1, metadata: map });
        assert.equal(selectString(bytes, storeName), store);
      }),
    );
  });

  test("finds component_config.name of any DynamicConfiguration", () => {
    fc.assert(
      fc.property(text, text, metadata, (kind, name, map) => {
        const init = { componentConfig: { kind, name, metadata: map } };
        const bytes = toBinary(
          DynamicConfigurationSchema,
          create(DynamicConfigurationSchema, init),
        );
        assert.equal(selectString(bytes, componentName), name);
      }),
    );
  });

  test("takes the last occurrence, also over two submessages that are merged", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (stores) => {
        const bytes = Buffer.concat(stores.map((store) => field(1, store)));
        assert.equal(selectString(bytes, storeName), stores.at(-1));
      }),
    );
    const first = wrap(1, field(2, "a"));
    const second = wrap(1, field(1, "kind"));
    assert.equal(selectString(Buffer.concat([first, second]), componentName), "a");
  });

  test("gives an empty string for an absent field", () => {
    assert.equal(selectString(new Uint8Array(0), storeName), "");
    assert.equal(selectString(getState({ key: "k" }), storeName), "");
    assert.equal(selectString(field(5, "x"), componentName), "");
  });

  test("reads a view into a larger buffer", () => {
    const bytes = Buffer.concat([Buffer.from([9, 9]), field(1, "orders"), Buffer.from([9])]);
    assert.equal(selectString(bytes.subarray(2, bytes.length - 1), storeName), "orders");
  });

  test("skips fields of every wire type, groups too", () => {
    const bytes = Buffer.concat([
      Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
      Buffer.from([0x19, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([0x25, 1, 2, 3, 4]),
      Buffer.from([0x2b, 0x33, 0x08, 0x01, 0x34, 0x2c]),
      field(1, "orders"),
    ]);
    assert.equal(selectString(bytes, storeName), "orders");
  });

  test("says undefined for malformed messages", () => {
    const malformed = [
      [0x0a],
      [0x0a, 5, 1],
      [0x00],
      [0x07],
      [0x0e],
      [0x2c],
      [0x2b, 0x08, 0x01],
      [0x2b, 0x34],
      [0x25, 1, 2],
      [0x19, 1],
      Array.from({ length: 11 }, () => 0xff),
      Array.from({ length: 500 }, () => 0x2b),
    ];
    for (const bytes of malformed) {
      assert.equal(selectString(Uint8Array.from(bytes), storeName), undefined, String(bytes));
    }
  });

  test("never fails, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const found = selectString(bytes, componentName);
        assert.ok(found === undefined || typeof found === "string");
      }),
    );
  });

  test("does not take a cut message for a whole one", () => {
    const whole = getState({ storeName: "orders", key: "k" });
    assert.equal(selectString(whole.subarray(0, whole.length - 1), storeName), undefined);
  });
});

function field(number: number, value: string): Buffer {
  return wrap(number, Buffer.from(value));
}

function wrap(number: number, payload: Buffer): Buffer {
  assert.ok(payload.length < 128 * 128);
  const low = (payload.length & 0x7f) | 0x80;
  return Buffer.concat([Buffer.from([number * 8 + 2, low, payload.length >> 7]), payload]);
}
