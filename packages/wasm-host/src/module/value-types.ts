import { bounds } from "./bounds.ts";
import type { Reader } from "./reader.ts";
import { refuseBroken, refuseUnsupported } from "./refuse.ts";

const names: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref",
};

/** Types of the garbage collection, exceptions and typed references proposals. */
function isNewer(octet: number): boolean {
  return octet >= 0x60 && octet <= 0x78;
}

/** Whether an octet is a value type that this host runs. */
export function isValueType(octet: number): boolean {
  return octet in names;
}

/** Reads a value type, e.g. `i32`. */
export function valueType(reader: Reader): string {
  const at = reader.at;
  const octet = reader.u8();
  const name = names[octet];
  if (name !== undefined) return name;
  if (isNewer(octet))
    refuseUnsupported(
      `uses the value type 0x${octet.toString(16)} (typed references or garbage collection)`,
      "build it without them",
    );
  return refuseBroken(at, `0x${octet.toString(16)} is no value type`);
}

/** Reads the type of a table's elements. */
export function referenceType(reader: Reader): string {
  const at = reader.at;
  const name = valueType(reader);
  if (name !== "funcref" && name !== "externref")
    refuseBroken(at, `${name} is no type of a table's elements`);
  return name;
}

/** Parameters and results of a function. */
export interface Signature {
  readonly parameters: number;
  /** E.g. `(i32, i32) -> i32`. */
  readonly text: string;
}

/** Types in a row, read by {@link valueTypes}. */
export interface ValueTypes {
  readonly count: number;
  /** E.g. `i32, i64`. */
  readonly text: string;
}

/** Types of one row that are shown: the texts of a module stay small, whatever is in it. */
const shown = 16;

/** Reads types with their number before them. */
export function valueTypes(reader: Reader, what: string): ValueTypes {
  const names: string[] = [];
  const count = reader.count(what, bounds.parameters);
  for (let index = 0; index < count; index += 1) {
    const name = valueType(reader);
    if (index < shown) names.push(name);
  }
  if (count > shown) names.push(`… ${count} in all`);
  return { count, text: names.join(", ") };
}

/** E.g. `(i32) -> ()`, `() -> (i32, i64)`. */
export function signature(parameters: ValueTypes, results: ValueTypes): Signature {
  const right = results.count === 1 ? results.text : `(${results.text})`;
  return { parameters: parameters.count, text: `(${parameters.text}) -> ${right}` };
}
