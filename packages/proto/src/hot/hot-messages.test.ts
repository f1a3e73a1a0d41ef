import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, createRegistry, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { DescMessage } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { codecFor, DecodeError } from "../codec.ts";
import { file_sidecar_v1_extension } from "../gen/sidecar/v1/extension_pb.ts";
import { file_spec_proto_runtime_v1_appcallback } from "../gen/spec/proto/runtime/v1/appcallback_pb.ts";
import { file_spec_proto_runtime_v1_runtime } from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { arbitraryMessage } from "../testing/arbitrary-message.ts";
import { arbitraryWire } from "../testing/arbitrary-wire.ts";
import { hotMessages } from "./hot-messages.ts";

const registry = createRegistry(
  EmptySchema,
  file_spec_proto_runtime_v1_appcallback,
  file_spec_proto_runtime_v1_runtime,
  file_sidecar_v1_extension,
);
const schemas = hotMessages.map(({ typeName }) => {
  const schema = registry.getMessage(typeName);
  assert.ok(schema, `no message type is called "${typeName}"`);
  return schema;
});

/** What protobuf-es makes of the bytes, or undefined when it refuses them. */
function reference(schema: DescMessage, bytes: Uint8Array) {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

/** Asserts that both read the same from the bytes, or both refuse. */
function assertSame(schema: DescMessage, bytes: Uint8Array): void {
  const expected = reference(schema, bytes);
  if (expected === undefined) {
    assert.throws(() => codecFor(schema).decode(bytes), DecodeError);
    return;
  }
  const message = codecFor(schema).decode(bytes);
  assert.ok(equals(schema, message, expected));
  assert.deepEqual(toBinary(schema, message), toBinary(schema, expected));
}

for (const schema of schemas) {
  describe(`codec of ${schema.typeName}`, () => {
    const codec = codecFor(schema);

    it("encodes byte for byte like protobuf-es, whole messages and initialisers", () => {
      const property = fc.property(arbitraryMessage(schema), (init) => {
        const message = create(schema, init);
        const expected = Buffer.from(toBinary(schema, message));
        assert.deepEqual(Buffer.from(codec.encode(message)), expected);
        assert.deepEqual(Buffer.from(codec.encode(init)), expected);
      });
      fc.assert(property, { numRuns: 150 });
    });

    it("decodes what it encoded", () => {
      const property = fc.property(arbitraryMessage(schema), (init) => {
        const message = create(schema, init);
        assertSame(schema, codec.encode(message));
        assert.ok(equals(schema, codec.decode(codec.encode(message)), wellFormed(schema, message)));
      });
      fc.assert(property, { numRuns: 150 });
    });

    it("decodes like protobuf-es whatever the order, repetition and unknown fields", () => {
      const property = fc.property(arbitraryWire(schema), (bytes) => assertSame(schema, bytes));
      fc.assert(property, { numRuns: 300 });
    });

    it("treats a message cut off at any byte like protobuf-es", () => {
      const property = fc.property(arbitraryWire(schema), (bytes) => {
        for (let end = 0; end < Math.min(bytes.length, 200); end++) {
          assertSame(schema, bytes.subarray(0, end));
        }
      });
      fc.assert(property, { numRuns: 20 });
    });

    it("answers arbitrary bytes with a message or a DecodeError", () => {
      const damaged = fc
        .tuple(arbitraryWire(schema), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
        .map(([bytes, changes]) => {
          for (const [at, value] of changes) bytes[at % Math.max(bytes.length, 1)] = value;
          return bytes;
        });
      const property = fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          assert.equal(codec.decode(bytes).$typeName, schema.typeName);
        } catch (error) {
          assert.ok(error instanceof DecodeError);
        }
      });
      fc.assert(property, { numRuns: 500 });
    });
  });
}

/** The message after a way over the wire, which turns lone surrogates into U+FFFD. */
function wellFormed(schema: DescMessage, message: ReturnType<typeof create>) {
  return fromBinary(schema, toBinary(schema, message));
}
