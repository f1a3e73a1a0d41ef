import fc from "fast-check";

/** One statement of a program over the global `$x`. Bits are of `$x`; `undefined`: always. */
export type Statement =
  | { readonly kind: "add"; readonly value: number }
  | { readonly kind: "if"; readonly bit: number; readonly yes: Program; readonly no: Program | undefined }
  | { readonly kind: "block"; readonly body: Program }
  /** Branches to the block that is `depth` around it, not counting `loop`, or leaves the function. */
  | { readonly kind: "exit"; readonly depth: number; readonly bit: number | undefined }
  | { readonly kind: "loop"; readonly rounds: number; readonly body: Program }
  /** The same with the test at its head, so that branches to the head end, too. */
  | { readonly kind: "while"; readonly rounds: number; readonly body: Program }
  /** A branch table; the body is executed when the two lowest bits are 0. */
  | { readonly kind: "choose"; readonly body: Program }
  | { readonly kind: "double" }
  | { readonly kind: "return" }; // prettier-ignore

export type Program = readonly Statement[];

const bit = fc.nat(7);
const kind = <const K extends Statement["kind"]>(name: K): fc.Arbitrary<K> => fc.constant(name);

const { statement } = fc.letrec<{ body: Program; statement: Statement }>((tie) => ({
  body: fc.array(tie("statement"), { maxLength: 4, depthIdentifier: "program" }),
  statement: fc.oneof(
    { depthIdentifier: "program", maxDepth: 5 },
    fc.record({ kind: kind("add"), value: fc.integer() }),
    fc.record({ kind: kind("exit"), depth: fc.nat(4), bit: fc.option(bit, { nil: undefined }) }),
    fc.record({ kind: kind("double") }),
    fc.record({ kind: kind("return") }),
    fc.record({ kind: kind("if"), bit, yes: tie("body"), no: fc.option(tie("body"), { nil: undefined }) }),
    fc.record({ kind: kind("block"), body: tie("body") }),
    fc.record({ kind: kind("loop"), rounds: fc.integer({ min: 1, max: 3 }), body: tie("body") }),
    fc.record({ kind: kind("while"), rounds: fc.integer({ min: 1, max: 3 }), body: tie("body") }),
    fc.record({ kind: kind("choose"), body: tie("body") }),
  ),
})); // prettier-ignore

/** Programs that end: loops have a fixed number of rounds. */
export const program: fc.Arbitrary<Program> = fc.array(statement, { minLength: 2, maxLength: 10 });

/** What is around a statement, innermost last: whether it may branch there. */
type Around = readonly ("target" | "loop")[];

/** The label that an exit leads to. */
function labelOf(depth: number, around: Around): number {
  const blocks = around.toReversed().flatMap((each, label) => (each === "target" ? [label] : []));
  return blocks[depth % (blocks.length + 1)] ?? around.length;
}

/** A module that exports the program as `run`, which takes and returns `$x`. */
export function moduleText(statements: Program): string {
  const writer = new ProgramText();
  const body = writer.text(statements, []);
  return `(module (global $x (mut i32) (i32.const 0))
    (func $double (param i32) (result i32) local.get 0 i32.const 1 i32.shl)
    (func $body ${writer.locals} ${body})
    (func (export "run") (param i32) (result i32) local.get 0 global.set $x call $body global.get $x))`;
}

/** Instructions that `run` has around the program. */
const runCost = 4;

class ProgramText {
  #loops = 0;

  get locals(): string {
    return Array.from({ length: this.#loops }, () => "(local i32)").join(" ");
  }

  text(statements: Program, around: Around): string {
    return statements.map((each) => this.#statement(each, around)).join("\n");
  }

  #statement(statement: Statement, around: Around): string {
    const inner = (body: Program): string => this.text(body, [...around, "target"]);
    switch (statement.kind) {
      case "add":
        return `global.get $x i32.const ${statement.value} i32.add global.set $x`;
      case "double":
        return `global.get $x call $double global.set $x`;
      case "return":
        return `return`;
      case "block":
        return `block ${inner(statement.body)} end`;
      case "if": {
        const otherwise = statement.no === undefined ? "" : `else ${inner(statement.no)}`;
        return `${test(statement.bit)} if ${inner(statement.yes)} ${otherwise} end`;
      }
      case "exit": {
        const label = labelOf(statement.depth, around);
        return statement.bit === undefined
          ? `br ${label}`
          : `${test(statement.bit)} br_if ${label}`;
      }
      case "loop":
        return this.#loop(statement.rounds, statement.body, around);
      case "while":
        return this.#while(statement.rounds, statement.body, around);
      case "choose": {
        const body = this.text(statement.body, [...around, "target", "target"]);
        return `block block block global.get $x i32.const 3 i32.and br_table 0 1 2 end ${body} end end`;
      }
    }
  }

  #loop(rounds: number, body: Program, around: Around): string {
    const counter = this.#loops++;
    return `i32.const ${rounds} local.set ${counter} loop ${this.text(body, [...around, "loop"])}
      local.get ${counter} i32.const 1 i32.sub local.tee ${counter} br_if 0 end`;
  }

  #while(rounds: number, body: Program, around: Around): string {
    const counter = this.#loops++;
    return `i32.const ${rounds} local.set ${counter} block loop local.get ${counter} i32.eqz br_if 1
      local.get ${counter} i32.const 1 i32.sub local.set ${counter}
      ${this.text(body, [...around, "target", "target"])} br 0 end end`;
  }
}

function test(bitNumber: number): string {
  return `global.get $x i32.const ${1 << bitNumber} i32.and`;
}

/** Executes programs in JavaScript and counts the instructions of their text: what the counter is compared with. */
export class Interpreter {
  x = 0;
  count = 0;

  /** What `run` returns, and what it costs. */
  static run(statements: Program, x: number): { result: number; cost: number } {
    const interpreter = new Interpreter();
    interpreter.x = x;
    interpreter.#all(statements, []);
    return { result: interpreter.x, cost: interpreter.count + runCost };
  }

  /** @returns the label that is branched to; undefined: nothing is */
  #all(statements: Program, around: Around): number | undefined {
    for (const statement of statements) {
      const label = this.#one(statement, around);
      if (label !== undefined) return label;
    }
    return undefined;
  }

  #one(statement: Statement, around: Around): number | undefined {
    switch (statement.kind) {
      case "add":
        this.count += 4;
        this.x = (this.x + statement.value) | 0;
        return undefined;
      case "double":
        this.count += 6;
        this.x = this.x << 1;
        return undefined;
      case "return":
        this.count += 1;
        return around.length;
      case "block":
        return this.#inside(statement.body, around, 1);
      case "if": {
        this.count += 4;
        const body = this.#has(statement.bit) ? statement.yes : (statement.no ?? []);
        return this.#inside(body, around, 1);
      }
      case "exit":
        this.count += statement.bit === undefined ? 1 : 4;
        return this.#has(statement.bit) ? labelOf(statement.depth, around) : undefined;
      case "loop":
        return this.#loop(statement.rounds, statement.body, around);
      case "while":
        return this.#while(statement.rounds, statement.body, around);
      case "choose":
        this.count += 4;
        return (this.x & 3) === 0 ? this.#inside(statement.body, around, 2) : undefined;
    }
  }

  #has(bitNumber: number | undefined): boolean {
    return bitNumber === undefined || (this.x & (1 << bitNumber)) !== 0;
  }

  #inside(body: Program, around: Around, blocks: number): number | undefined {
    const label = this.#all(body, [...around, ...Array<"target">(blocks).fill("target")]);
    return label === undefined || label < blocks ? undefined : label - blocks;
  }

  #loop(rounds: number, body: Program, around: Around): number | undefined {
    this.count += 2;
    for (let round = 0; round < rounds; round += 1) {
      const label = this.#all(body, [...around, "loop"]);
      if (label !== undefined) return label - 1;
      this.count += 5;
    }
    return undefined;
  }

  #while(rounds: number, body: Program, around: Around): number | undefined {
    this.count += 2;
    for (let round = 0; round < rounds; round += 1) {
      this.count += 7;
      const label = this.#all(body, [...around, "target", "target"]);
      if (label === 1) return undefined;
      if (label !== undefined && label > 1) return label - 2;
      if (label === undefined) this.count += 1;
    }
    this.count += 3;
    return undefined;
  }
}
