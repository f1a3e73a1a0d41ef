// Random messages and random bytes for property tests, made from descriptors.
import { ScalarType } from "@bufbuild/protobuf";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import fc from "fast-check";

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "orders",
    "text/plain",
    "__proto__",
    "constructor",
    "\uFEFFbom",
    "\uFFFD",
    "a\0b",
  ),
);
const bytes = fc.uint8Array({ maxLength: 300 });
const int32 = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, 1, 2, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)),
);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);

/** Initialisers of messages of a type, as `create` takes them. */
export function arbitraryMessage(desc: DescMessage): fc.Arbitrary<Record<string, unknown>> {
  const fields = desc.fields.map((field) => [field.localName, arbitraryField(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

function arbitraryField(field: DescField): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case "map":
      return fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true });
    case "message":
      return arbitraryMessage(field.message);
    case "list":
      if (field.listKind === "scalar")
        return fc.array(arbitraryScalar(field.scalar), { maxLength: 5 });
      if (field.listKind !== "message") throw new Error(`No arbitrary for ${String(field)}`);
      return fc.array(arbitraryMessage(field.message), { maxLength: 3 });
    case "enum":
      return int32;
    case "scalar":
      return arbitraryScalar(field.scalar);
  }
}

function arbitraryScalar(type: ScalarType): fc.Arbitrary<unknown> {
  if (type === ScalarType.STRING) return text;
  if (type === ScalarType.BYTES) return bytes;
  if (type === ScalarType.BOOL) return fc.boolean();
  if (type === ScalarType.INT32 || type === ScalarType.SINT32) return int32;
  if (type === ScalarType.UINT32) return int32.map((value) => value >>> 0);
  if (type === ScalarType.INT64) return int64;
  throw new Error(`No arbitrary for scalar type ${type}`);
}
