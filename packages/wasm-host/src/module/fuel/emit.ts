import type { Writer } from "../writer.ts";
import { Op } from "./opcodes.ts";
import { Form } from "./insertions.ts";

/** Octets that memory.fill, memory.copy and memory.init move for the price of one instruction, as a power of two. */
const octetsPerUnit = 4;
/** Pages that memory.grow adds are as dear as filling them: 64 KiB / 16. */
const pageUnits = 12;

const octetOperations: ReadonlySet<number> = new Set([Op.memoryInit, Op.memoryCopy, Op.memoryFill]);

/** Writes what counts: code of core specification 5.4 around the global of the counter. */
export class Emitter {
  readonly #writer: Writer;
  readonly #global: number;

  /** @param global index of the counter */
  constructor(writer: Writer, global: number) {
    this.#writer = writer;
    this.#global = global;
  }

  /**
   * Writes one insertion.
   *
   * @param value cost of a region, or opcode
   * @param scratch index of the first i32 local that is free for it: one for bulk operations, two for growth
   */
  insertion(form: number, value: number, scratch: number): void {
    switch (form) {
      case Form.bulk:
        this.#local(0x22, scratch);
        return this.#chargeLocal(value, scratch);
      case Form.keep:
        return this.#local(0x22, scratch);
      case Form.grown:
        return this.#grown(value, scratch);
      default:
        if (value > 0) this.#charge(value);
        if (form === Form.chargeAndCheck) this.#check();
    }
  }

  /** `global.set $fuel (i64.sub (global.get $fuel) (i64.const cost))` */
  #charge(cost: number): void {
    this.#fuel(0x23);
    this.#writer.u8(0x42);
    this.#writer.signed(cost);
    this.#writer.u8(0x7d);
    this.#fuel(0x24);
  }

  /** `if (i64.lt_s (global.get $fuel) (i64.const 0)) unreachable` */
  #check(): void {
    this.#fuel(0x23);
    this.#writer.raw(0x42, 0x00, 0x53, 0x04, 0x40, 0x00, 0x0b);
  }

  /** Charges by a number in a local. */
  #chargeLocal(opcode: number, local: number): void {
    this.#fuel(0x23);
    this.#local(0x20, local);
    this.#writer.u8(0xad);
    if (octetOperations.has(opcode)) this.#writer.raw(0x42, octetsPerUnit, 0x88);
    if (opcode === Op.memoryGrow) this.#writer.raw(0x42, pageUnits, 0x86);
    this.#writer.u8(0x7d);
    this.#fuel(0x24);
    this.#check();
  }

  /** `if (i32.ne (result of the operation, which stays on the stack) (i32.const -1))` charge */
  #grown(opcode: number, scratch: number): void {
    this.#local(0x22, scratch + 1);
    this.#local(0x20, scratch + 1);
    this.#writer.raw(0x41, 0x7f, 0x47, 0x04, 0x40);
    this.#chargeLocal(opcode, scratch);
    this.#writer.u8(0x0b);
  }

  #local(opcode: number, index: number): void {
    this.#writer.u8(opcode);
    this.#writer.u32(index);
  }

  #fuel(opcode: number): void {
    this.#writer.u8(opcode);
    this.#writer.u32(this.#global);
  }
}
