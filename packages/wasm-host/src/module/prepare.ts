import type { ModuleInfo } from "../model/module-info.ts";
import { countCode } from "./fuel/count-code.ts";
import { describeModule } from "./inspect.ts";
import { checkSize, limitPatches, type ModuleLimits, type Patch } from "./limits.ts";
import { parseModule } from "./parse.ts";
import { type ParsedModule, sectionOf } from "./parsed-module.ts";
import { Reader } from "./reader.ts";
import { quote, refuse } from "./refuse.ts";
import { placeOf, Section, type SectionPart } from "./sections.ts";
import { Writer } from "./writer.ts";

/** A module that is held to its limits. */
export interface PreparedModule {
  readonly bytes: Uint8Array;
  /** Of the module as it was given. */
  readonly info: ModuleInfo;
}

/**
 * The global that counting modules export, mutable and i64: what is left of the fuel. A trap with a value below zero
 * means that it ran out.
 */
export const fuelGlobal = "__layotto_fuel";

/**
 * Holds a module to its limits by writing it anew: maxima of memory and tables, and code that counts when `fuel` is
 * above 0. Valid modules stay valid and compute the same; whether one is valid is found by compiling it.
 *
 * What is counted: each instruction that is executed, one; `block`, `loop`, `try`, `else`, `end` and `nop` nothing. Operations on
 * memory count one more for each 16 octets (memory.grow: for each 16 octets that it adds), those on tables one more for
 * each element. Between two looks at the counter at most one way through a function without loops or calls is executed.
 *
 * @throws WasmError why it is refused
 */
export function prepareModule(bytes: Uint8Array, limits: ModuleLimits): PreparedModule {
  checkSize(bytes, limits);
  const module = parseModule(bytes);
  const info = describeModule(module);
  const patches = limitPatches(module, limits);
  if (limits.fuel > 0) return { bytes: new Rewriter(module, patches, limits.fuel).write(), info };
  if (patches.length === 0) return { bytes, info };
  return { bytes: new Rewriter(module, patches, 0).write(), info };
}

/** Sections that exist in every counting module, in their order. */
const needed = [Section.global, Section.export] as const;

/** Custom sections that say where in the code something is. */
function isAboutCode(name: string): boolean {
  return (
    name.startsWith(".debug_") || name === "sourceMappingURL" || name.startsWith("metadata.code.")
  );
}

/** Writes a module anew. */
class Rewriter {
  readonly #module: ParsedModule;
  readonly #patches: readonly Patch[];
  /** 0: nothing is counted. */
  readonly #fuel: number;
  readonly #out: Writer;

  constructor(module: ParsedModule, patches: readonly Patch[], fuel: number) {
    this.#module = module;
    this.#patches = patches;
    this.#fuel = fuel;
    this.#out = new Writer(module.bytes.length * (fuel > 0 ? 2 : 1) + 64);
    if (fuel > 0 && module.exports.some((each) => each.name === fuelGlobal))
      refuse(
        "UNSUPPORTED_MODULE",
        `the module exports ${quote(fuelGlobal)}, a name of this host; give it another name`,
      );
  }

  write(): Uint8Array {
    const { bytes, sections } = this.#module;
    this.#out.bytes(bytes.subarray(0, 8));
    const missing =
      this.#fuel > 0 ? needed.filter((id) => sectionOf(this.#module, id) === undefined) : [];
    for (const section of sections) {
      while (missing[0] !== undefined && isBefore(missing[0], section)) this.#add(missing.shift());
      this.#section(section);
    }
    for (const id of missing) this.#add(id);
    // A copy: views drag the memory that they were cut from to other threads.
    return this.#out.view().slice();
  }

  #section(section: SectionPart): void {
    const { bytes } = this.#module;
    if (this.#fuel > 0 && section.id === Section.custom && isAboutCode(section.name)) return;
    const content = this.#changed(section);
    if (content === undefined) return this.#out.bytes(bytes.subarray(section.start, section.end));
    this.#out.u8(section.id);
    this.#out.sized(content);
  }

  /** The new content of a section; undefined: as it was. */
  #changed(section: SectionPart): Uint8Array | undefined {
    const { id, content, end } = section;
    if (this.#fuel > 0) {
      if (id === Section.code) return countCode(this.#module, section);
      if (id === Section.global) return this.#longer(section, this.#counter());
      if (id === Section.export) return this.#longer(section, this.#counterExport());
    }
    const patches = this.#patches.filter((each) => each.start >= content && each.end <= end);
    return patches.length === 0 ? undefined : this.#patched(section, patches);
  }

  #patched({ content, end }: SectionPart, patches: readonly Patch[]): Uint8Array {
    const { bytes } = this.#module;
    const out = new Writer(end - content + 16 * patches.length);
    let from = content;
    for (const patch of patches) {
      out.bytes(bytes.subarray(from, patch.start));
      out.bytes(patch.bytes);
      from = patch.end;
    }
    out.bytes(bytes.subarray(from, end));
    return out.view();
  }

  /** One more entry at the end of a section. */
  #longer({ content, end }: SectionPart, entry: Uint8Array): Uint8Array {
    const reader = new Reader(this.#module.bytes, content, end);
    const out = new Writer(end - content + entry.length + 5);
    out.u32(reader.u32() + 1);
    out.bytes(this.#module.bytes.subarray(reader.at, end));
    out.bytes(entry);
    return out.view();
  }

  /** A section that the module does not have. */
  #add(id: number | undefined): void {
    if (id === undefined) return;
    const out = new Writer();
    out.u8(1);
    out.bytes(id === Section.global ? this.#counter() : this.#counterExport());
    this.#out.u8(id);
    this.#out.sized(out.view());
  }

  /** `(mut i64) (i64.const fuel)`: what the start function may use, as nobody can set it before. */
  #counter(): Uint8Array {
    const out = new Writer(32);
    out.raw(0x7e, 0x01, 0x42);
    out.signed(this.#fuel);
    out.u8(0x0b);
    return out.view();
  }

  #counterExport(): Uint8Array {
    const out = new Writer(32);
    out.sized(new TextEncoder().encode(fuelGlobal));
    out.u8(0x03);
    out.u32(this.#module.globals.length);
    return out.view();
  }
}

function isBefore(id: number, section: SectionPart): boolean {
  return section.id !== Section.custom && placeOf(id) < placeOf(section.id);
}
