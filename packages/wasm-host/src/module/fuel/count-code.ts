import { bounds } from "../bounds.ts";
import type { ParsedModule } from "../parsed-module.ts";
import { Reader } from "../reader.ts";
import { refuseBroken, refuseUnsupported } from "../refuse.ts";
import type { SectionPart } from "../sections.ts";
import { valueType } from "../value-types.ts";
import { Writer } from "../writer.ts";
import { Emitter } from "./emit.ts";
import { BodyScan } from "./scan-body.ts";

/** Declarations of locals at the beginning of a body. */
interface Locals {
  readonly groups: number;
  /** Octet of the first group, and behind the last. */
  readonly start: number;
  readonly end: number;
  /** Index of the next local. */
  readonly next: number;
}

/**
 * Makes the content of the code section count what it executes, in a global behind all others of the module.
 *
 * @throws WasmError `INVALID_MODULE`, `UNSUPPORTED_MODULE`
 */
export function countCode(module: ParsedModule, code: SectionPart): Uint8Array {
  const reader = new Reader(module.bytes, code.content, code.end);
  const out = new Writer((code.end - code.content) * 2);
  const counter = new CodeCounter(module);
  const bodies = reader.u32();
  out.u32(bodies);
  for (let index = 0; index < bodies; index += 1) {
    const at = reader.at;
    const part = reader.part(reader.u32());
    if (part.left > bounds.bodyBytes) refuseBig(at, "that is too large");
    const body = counter.count(part, module.importedFunctions + index);
    if (body.length > bounds.bodyBytes) refuseBig(at, "that is too large");
    out.sized(body);
  }
  reader.finish("the code section");
  return out.view();
}

/** Makes one body after the other count. */
class CodeCounter {
  readonly #module: ParsedModule;
  readonly #scan: BodyScan;
  readonly #out = new Writer(4096);
  readonly #emitter: Emitter;

  constructor(module: ParsedModule) {
    this.#module = module;
    const global = module.globals.length;
    this.#scan = new BodyScan(global);
    this.#emitter = new Emitter(this.#out, global);
  }

  /** The new body: a view that the next call changes. */
  count(body: Reader, index: number): Uint8Array {
    const locals = readLocals(body, this.#module.functions[index]?.parameters ?? 0);
    this.#scan.scan(body);
    this.#out.clear();
    this.#writeLocals(locals);
    this.#writeCode(locals);
    return this.#out.view();
  }

  /** Bulk operations need locals of their own, behind all others. */
  #writeLocals(locals: Locals): void {
    const { scratch } = this.#scan;
    if (locals.next + scratch > bounds.locals) refuseBig(locals.start, "with too many locals");
    this.#out.u32(locals.groups + (scratch > 0 ? 1 : 0));
    this.#out.bytes(this.#module.bytes.subarray(locals.start, locals.end));
    if (scratch > 0) this.#out.raw(scratch, 0x7f);
  }

  #writeCode(locals: Locals): void {
    const { bytes } = this.#module;
    const { insertions, end } = this.#scan;
    let from = locals.end;
    for (let index = 0; index < insertions.length; index += 1) {
      const at = insertions.at(index);
      this.#out.bytes(bytes.subarray(from, at));
      this.#emitter.insertion(insertions.form(index), insertions.value(index), locals.next);
      from = at;
    }
    this.#out.bytes(bytes.subarray(from, end));
  }
}

function refuseBig(at: number, what: string): never {
  return refuseUnsupported(
    `has a function ${what} to be counted at octet ${at}`,
    "split it, or do not count instructions (`fuel: 0`)",
  );
}

function readLocals(body: Reader, parameters: number): Locals {
  const groups = body.count("groups of locals", bounds.locals);
  const start = body.at;
  let next = parameters;
  for (let index = 0; index < groups; index += 1) {
    const at = body.at;
    next += body.u32();
    if (next > bounds.locals) refuseBroken(at, `a function has more than ${bounds.locals} locals`);
    valueType(body);
  }
  return { groups, start, end: body.at, next };
}
