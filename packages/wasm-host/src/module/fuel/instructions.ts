import type { Reader } from "../reader.ts";
import { refuseBroken, refuseUnsupported } from "../refuse.ts";
import { isValueType } from "../value-types.ts";
import {
  isPrefix,
  Op,
  opcodeText,
  Operands,
  operandsBehind,
  operandsOf,
  prefixFactor,
} from "./opcodes.ts";

/** Reads one instruction after the other. Its fields tell of the last one. */
export class Instructions {
  readonly #reader: Reader;
  /** The first index among the operands: of a label, function, global … */
  index = 0;
  /** Labels of br_table, and of the catch clauses of try_table; the same array again and again. */
  readonly labels: number[] = [];

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /**
   * Reads an instruction with its operands.
   *
   * @returns its opcode; behind a prefix `prefix × 0x1000 + opcode`
   * @throws WasmError `UNSUPPORTED_MODULE` when it is unknown, `INVALID_MODULE`
   */
  next(): number {
    const reader = this.#reader;
    const at = reader.at;
    const opcode = reader.u8();
    if (isPrefix(opcode)) return this.#prefixed(opcode, at);
    const operands = operandsOf(opcode);
    if (operands === Operands.none) return opcode;
    if (operands === Operands.index) this.index = reader.u32();
    else if (operands === Operands.unknown) refuseUnknown(opcodeText(opcode), at);
    else this.#readOperands(operands);
    return opcode;
  }

  #prefixed(prefix: number, at: number): number {
    const opcode = this.#reader.u32();
    const operands = operandsBehind(prefix, opcode);
    if (operands === Operands.unknown) refuseUnknown(opcodeText(prefix, opcode), at);
    this.#readOperands(operands);
    return prefix * prefixFactor + opcode;
  }

  #readOperands(operands: number): void {
    const reader = this.#reader;
    switch (operands) {
      case Operands.none:
        return;
      case Operands.index:
        this.index = reader.u32();
        return;
      case Operands.twoIndexes:
        this.index = reader.u32();
        reader.u32();
        return;
      case Operands.i32:
        return reader.skipSigned(5);
      case Operands.i64:
        return reader.skipSigned(10);
      case Operands.f32:
        return reader.skip(4);
      case Operands.f64:
        return reader.skip(8);
      case Operands.sixteenOctets:
        return reader.skip(16);
      case Operands.lane:
      case Operands.octet:
        return reader.skip(1);
      case Operands.memory:
        return this.#memory();
      case Operands.memoryLane:
        this.#memory();
        return reader.skip(1);
      default:
        return this.#readRareOperands(operands);
    }
  }

  #readRareOperands(operands: number): void {
    if (operands === Operands.blockType) return this.#blockType();
    if (operands === Operands.labels) return this.#branchTable();
    if (operands === Operands.heapType) return this.#heapType();
    if (operands === Operands.types) return this.#types();
    this.#blockType();
    this.#catches();
  }

  #memory(): void {
    const at = this.#reader.at;
    // Bit 6 says that the index of a memory follows.
    if (this.#reader.u32() >= 64) refuseBroken(at, "an alignment is too large");
    this.#reader.u32();
  }

  #blockType(): void {
    const { bytes, at } = this.#reader;
    const octet = bytes[at] ?? 0;
    if (octet === 0x40 || isValueType(octet)) return this.#reader.skip(1);
    // Negative numbers are types; those that are left belong to typed references.
    if (octet < 0x80 && octet > 0x3f)
      refuseUnsupported(
        `uses the value type ${opcodeText(octet)}`,
        "build it without typed references",
      );
    this.#reader.skipSigned(5);
  }

  #heapType(): void {
    const at = this.#reader.at;
    const octet = this.#reader.u8();
    if (octet !== 0x70 && octet !== 0x6f) refuseUnknown(`ref.null ${opcodeText(octet)}`, at);
  }

  #types(): void {
    const count = this.#reader.count("types of a select", 1000);
    for (let index = 0; index < count; index += 1) {
      const at = this.#reader.at;
      if (!isValueType(this.#reader.u8())) refuseBroken(at, "a select has an unknown type");
    }
  }

  #branchTable(): void {
    this.labels.length = 0;
    const count = this.#reader.count("labels", this.#reader.end);
    for (let index = 0; index <= count; index += 1) this.labels.push(this.#reader.u32());
  }

  #catches(): void {
    this.labels.length = 0;
    const count = this.#reader.count("catch clauses", this.#reader.end);
    for (let index = 0; index < count; index += 1) {
      const at = this.#reader.at;
      const kind = this.#reader.u8();
      if (kind > 3) refuseBroken(at, "an unknown kind of catch clause");
      if (kind < 2) this.#reader.u32();
      this.labels.push(this.#reader.u32());
    }
  }
}

function refuseUnknown(name: string, at: number): never {
  return refuseUnsupported(
    `uses the unknown instruction ${name} at octet ${at}`,
    "build it without newer proposals, or do not count its instructions (`fuel: 0`)",
  );
}

/** Passes over a constant expression (core specification, 3.3.10). */
export function skipConstant(reader: Reader): void {
  const instructions = new Instructions(reader);
  for (;;) {
    const at = reader.at;
    const opcode = instructions.next();
    if (opcode === Op.end) return;
    if (opcode < Op.br || opcode === Op.tryTable)
      refuseBroken(at, "a constant has control instructions");
  }
}
