import type { ModuleExport, ModuleImport } from "../model/module-info.ts";
import { bounds } from "./bounds.ts";
import type { Reader } from "./reader.ts";
import { refuseBroken, refuseUnsupported } from "./refuse.ts";
import type { SectionPart } from "./sections.ts";
import { type SizeLimits, sizeLimits, sizeText } from "./size-limits.ts";
import { referenceType, type Signature, valueType } from "./value-types.ts";

/** A table or memory. */
export interface Sized {
  readonly limits: SizeLimits;
  readonly imported: boolean;
  /** E.g. `1 to 16 pages`. */
  readonly text: string;
}

/** What the sections of a module hold. Index spaces begin with what is imported. */
export interface ParsedModule {
  readonly bytes: Uint8Array;
  readonly sections: readonly SectionPart[];
  readonly types: Signature[];
  readonly imports: ModuleImport[];
  /** Signature of each function. */
  readonly functions: Signature[];
  importedFunctions: number;
  readonly tables: Sized[];
  readonly memories: Sized[];
  /** Signature of each tag. */
  readonly tags: Signature[];
  /** Type of each global, e.g. `mut i32`. */
  readonly globals: string[];
  readonly exports: ModuleExport[];
  elementSegments: number;
  /** Entries of all element segments. */
  elements: number;
  dataSegments: number;
}

/** The content of a section; undefined when the module has none. */
export function sectionOf(module: ParsedModule, id: number): SectionPart | undefined {
  return module.sections.find((section) => section.id === id);
}

/** Reads the index of a function's type. */
export function typeAt(module: ParsedModule, reader: Reader): Signature {
  const at = reader.at;
  const index = reader.u32();
  return module.types[index] ?? refuseBroken(at, `there is no type ${index}`);
}

/** Reads a table's type; returns it in words. */
export function addTable(module: ParsedModule, reader: Reader, imported: boolean): string {
  const element = referenceType(reader);
  const limits = sizeLimits(reader, "table");
  const text = `${element}, ${sizeText(limits, "elements")}`;
  module.tables.push({ limits, imported, text });
  if (module.tables.length > bounds.tables)
    refuseUnsupported(`has more than ${bounds.tables} tables`, "build it with fewer");
  return text;
}

/** Reads a memory's type; returns it in words. */
export function addMemory(module: ParsedModule, reader: Reader, imported: boolean): string {
  const limits = sizeLimits(reader, "memory");
  const text = sizeText(limits, "pages");
  module.memories.push({ limits, imported, text });
  if (module.memories.length > 1)
    refuseUnsupported("has more than one memory", "build it with one");
  return text;
}

/** Reads a global's type; returns it in words. */
export function addGlobal(module: ParsedModule, reader: Reader): string {
  const type = valueType(reader);
  const at = reader.at;
  const mutable = reader.u8();
  if (mutable > 1) refuseBroken(at, "a global is neither mutable nor constant");
  const text = mutable === 1 ? `mut ${type}` : type;
  module.globals.push(text);
  return text;
}

/** Reads a tag's type; returns it in words. */
export function addTag(module: ParsedModule, reader: Reader): string {
  const at = reader.at;
  if (reader.u8() !== 0) refuseBroken(at, "a tag is no exception");
  const type = typeAt(module, reader);
  module.tags.push(type);
  return type.text;
}
