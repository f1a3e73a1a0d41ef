import type { Reader } from "../reader.ts";
import { refuseBroken } from "../refuse.ts";
import { Form, Insertions } from "./insertions.ts";
import { Instructions } from "./instructions.ts";
import { Op } from "./opcodes.ts";

/** Kinds of blocks. */
const Frame = { block: 0, loop: 1, fork: 2, function: 3 } as const;

/** Marks a block that a branch leads to the end of. */
const targeted = 4;

const bulkOperations: ReadonlySet<number> = new Set([
  Op.memoryInit,
  Op.memoryCopy,
  Op.memoryFill,
  Op.tableInit,
  Op.tableCopy,
  Op.tableFill,
]);

const growthOperations: ReadonlySet<number> = new Set([Op.memoryGrow, Op.tableGrow]);

/**
 * Divides the body of a function into regions: runs of instructions that are entered at their first and left behind
 * their last (by falling through, branching, or a trap). Each is charged as a whole when it is entered, so what is
 * counted is what is executed. `block`, `loop`, `try`, `else`, `end` and `nop` are places, not work, and cost nothing.
 *
 * Only loops and calls can repeat a region without end, so only their heads, and the entries of functions that call,
 * look whether anything is left.
 */
export class BodyScan {
  readonly #globals: number;
  readonly #frames: number[] = [];
  /** What was found; the next scan begins anew. */
  readonly insertions = new Insertions();
  /** Insertion of the region that it is in, and what that costs so far. */
  #region = 0;
  #cost = 0;
  /** Whether the function calls any other. */
  #calls = false;
  /** Locals of its own that the counting needs. */
  scratch = 0;
  /** Octet behind its last instruction. */
  end = 0;

  /** @param globals that the module has, imported ones included */
  constructor(globals: number) {
    this.#globals = globals;
  }

  /**
   * Finds the insertions of one body.
   *
   * @param reader at the first instruction of a function, ending with the function
   * @throws WasmError `INVALID_MODULE`, `UNSUPPORTED_MODULE`
   */
  scan(reader: Reader): void {
    this.#reset(reader.at);
    const instructions = new Instructions(reader);
    while (this.#frames.length > 0) {
      const at = reader.at;
      this.#take(instructions.next(), instructions, at, reader);
    }
    reader.finish("a function");
    this.end = reader.at;
    this.insertions.setValue(this.#region, this.#cost);
    if (this.#calls) this.insertions.setForm(0, Form.chargeAndCheck);
  }

  #reset(at: number): void {
    this.insertions.length = 0;
    this.#calls = false;
    this.scratch = 0;
    this.#cost = 0;
    this.#frames.length = 0;
    this.#frames.push(Frame.function);
    this.#region = this.insertions.push(at, Form.charge, 0);
  }

  /** Begins a region. The one before is taken back when nothing is in it, unless it is the entry of the function. */
  #begin(at: number, form: number): void {
    const { insertions } = this;
    const isLast = this.#region === insertions.length - 1 && this.#region > 0;
    if (isLast && this.#cost === 0 && insertions.form(this.#region) === Form.charge)
      insertions.length -= 1;
    else insertions.setValue(this.#region, this.#cost);
    this.#cost = 0;
    this.#region = insertions.push(at, form, 0);
  }

  #take(opcode: number, instructions: Instructions, at: number, reader: Reader): void {
    if (opcode > Op.tryTable) {
      this.#cost += 1;
      if (opcode === Op.globalGet || opcode === Op.globalSet)
        this.#checkGlobal(instructions.index, at);
      else if (opcode === Op.memoryGrow || opcode > 0xff) this.#addBulk(opcode, at, reader.at);
      return;
    }
    if (this.#takePlace(opcode, instructions, reader.at)) return;
    this.#cost += 1;
    this.#takeFlow(opcode, instructions, reader.at);
  }

  /** Places in the code, which cost nothing. */
  #takePlace(opcode: number, instructions: Instructions, after: number): boolean {
    switch (opcode) {
      case Op.nop:
        return true;
      case Op.block:
        this.#frames.push(Frame.block);
        return true;
      case Op.loop:
        this.#frames.push(Frame.loop);
        this.#begin(after, Form.chargeAndCheck);
        return true;
      case Op.try:
        this.#frames.push(Frame.fork);
        return true;
      case Op.tryTable:
        // Its clauses lead to blocks around it.
        for (const label of instructions.labels) this.#target(label, after);
        this.#frames.push(Frame.block);
        return true;
      case Op.else:
      case Op.catch:
      case Op.catchAll:
        this.#begin(after, Form.charge);
        return true;
      case Op.end:
      case Op.delegate:
        this.#leave(after, opcode);
        return true;
      default:
        return false;
    }
  }

  /** Instructions that are executed and may go on elsewhere. */
  #takeFlow(opcode: number, instructions: Instructions, after: number): void {
    switch (opcode) {
      case Op.if:
        this.#frames.push(Frame.fork);
        return this.#begin(after, Form.charge);
      case Op.br:
      case Op.brIf:
        this.#target(instructions.index, after);
        return this.#begin(after, Form.charge);
      case Op.brTable:
        for (const label of instructions.labels) this.#target(label, after);
        return this.#begin(after, Form.charge);
      case Op.call:
      case Op.callIndirect:
        this.#calls = true;
        return;
      case Op.returnCall:
      case Op.returnCallIndirect:
        this.#calls = true;
        return this.#begin(after, Form.charge);
      case Op.throw:
      case Op.rethrow:
      case Op.throwRef:
      case Op.return:
      case Op.unreachable:
        return this.#begin(after, Form.charge);
      default:
    }
  }

  /** A branch leads to the block that is `label` around the innermost. */
  #target(label: number, after: number): void {
    const frame = this.#frames.length - 1 - label;
    const kind = this.#frames[frame];
    if (kind === undefined) refuseBroken(after, `there is no label ${label}`);
    this.#frames[frame] = kind | targeted;
  }

  #leave(after: number, opcode: number): void {
    const frame = this.#frames.pop() ?? 0;
    const kind = frame & 3;
    if (opcode === Op.delegate && kind !== Frame.fork)
      refuseBroken(after, "a delegate without its try");
    // Branches to a loop lead to its head: behind its end is only who falls through.
    const joins = kind === Frame.fork || (kind === Frame.block && frame >= targeted);
    if (joins) this.#begin(after, Form.charge);
  }

  #addBulk(opcode: number, at: number, after: number): void {
    if (growthOperations.has(opcode)) {
      this.scratch = 2;
      this.insertions.push(at, Form.keep, opcode);
      this.insertions.push(after, Form.grown, opcode);
    } else if (bulkOperations.has(opcode)) {
      this.scratch = Math.max(this.scratch, 1);
      this.insertions.push(at, Form.bulk, opcode);
    }
  }

  /** The global that counts comes after all others: code that already names it would get hold of it. */
  #checkGlobal(index: number, at: number): void {
    if (index >= this.#globals) refuseBroken(at, `there is no global ${index}`);
  }
}
