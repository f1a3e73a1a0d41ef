// Random bytes that are valid for a message type though no encoder would make them: fields out of order and repeated,
// message fields in several parts, defaults written out, varints longer than needed, unknown fields in between.
import { ScalarType } from "@bufbuild/protobuf";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import fc from "fast-check";

type Bytes = fc.Arbitrary<Buffer>;

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...out, Number(rest)]);
}

/** The same number in more bytes than it needs, up to the ten that are allowed. */
function padded(value: bigint, extra: number): Buffer {
  const short = varint(value);
  const add = Math.min(extra, 10 - short.length);
  if (add === 0) return short;
  const head = Buffer.from(short);
  head[head.length - 1] = (head[head.length - 1] ?? 0) | 0x80;
  return Buffer.concat([head, Buffer.alloc(add - 1, 0x80), Buffer.from([0])]);
}

function tag(number: number, wireType: number): Buffer {
  return varint(BigInt(number * 8 + wireType));
}

function delimited(number: number, content: Bytes): Bytes {
  return content.map((bytes) =>
    Buffer.concat([tag(number, 2), varint(BigInt(bytes.length)), bytes]),
  );
}

const number64 = fc.tuple(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0, 0, 1, 4),
);
const varintValue: Bytes = fc
  .oneof(number64, fc.tuple(fc.bigInt({ min: -2n, max: 300n }), fc.constantFrom(0, 2)))
  .map(([value, extra]) => padded(value, extra));
const raw: Bytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const utf8: Bytes = fc
  .oneof(fc.string({ maxLength: 40 }), fc.string({ unit: "grapheme", maxLength: 20 }))
  .map((text) => Buffer.from(text));

/** A field that no message has, of every wire type, groups within groups included. */
function unknownField(depth: number): Bytes {
  const number = fc.integer({ min: 100, max: 2 ** 29 - 1 });
  const plain = number.chain((n) =>
    fc.oneof(
      varintValue.map((value) => Buffer.concat([tag(n, 0), value])),
      fc.constant(Buffer.concat([tag(n, 1), Buffer.alloc(8, 0xff)])),
      fc.constant(Buffer.concat([tag(n, 5), Buffer.alloc(4, 0xff)])),
      delimited(n, raw),
    ),
  );
  if (depth === 0) return plain;
  const group = fc
    .tuple(number, fc.array(unknownField(depth - 1), { maxLength: 2 }))
    .map(([n, parts]) => Buffer.concat([tag(n, 3), ...parts, tag(n, 4)]));
  return fc.oneof({ arbitrary: plain, weight: 3 }, { arbitrary: group, weight: 1 });
}

/** The bytes of a random message of a type. */
export function arbitraryWire(desc: DescMessage): Bytes {
  const fields = desc.fields.map(oneField);
  return fc
    .array(fc.oneof(...fields, ...fields, unknownField(2)), { maxLength: 12 })
    .map((parts) => Buffer.concat(parts));
}

function oneField(field: DescField): Bytes {
  const { number } = field;
  if (field.fieldKind === "map") return delimited(number, mapEntry());
  if (field.fieldKind === "message") return delimited(number, arbitraryWire(field.message));
  if (field.fieldKind === "list" && field.listKind === "message") {
    return delimited(number, arbitraryWire(field.message));
  }
  const isStrings = field.fieldKind === "list" && field.listKind === "scalar";
  if ((field.fieldKind === "scalar" || isStrings) && field.scalar === ScalarType.STRING) {
    return delimited(number, utf8);
  }
  if (field.fieldKind === "scalar" && field.scalar === ScalarType.BYTES) {
    return delimited(number, raw);
  }
  return varintValue.map((value) => Buffer.concat([tag(number, 0), value]));
}

/** An entry whose fields may be missing, twice there or beside unknown ones. */
function mapEntry(): Bytes {
  const key = delimited(1, fc.oneof(utf8, fc.constant(Buffer.from("__proto__"))));
  return fc
    .array(fc.oneof(key, delimited(2, utf8), unknownField(1)), { maxLength: 4 })
    .map((parts) => Buffer.concat(parts));
}
