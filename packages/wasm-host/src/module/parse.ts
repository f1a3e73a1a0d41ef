import { bounds } from "./bounds.ts";
import { skipConstant } from "./fuel/instructions.ts";
import { readCode } from "./parse-code.ts";
import { readElements } from "./parse-elements.ts";
import { readExport, readImport } from "./parse-externals.ts";
import {
  addGlobal,
  addMemory,
  addTable,
  addTag,
  type ParsedModule,
  sectionOf,
  typeAt,
} from "./parsed-module.ts";
import { Reader } from "./reader.ts";
import { refuseBroken, refuseUnsupported } from "./refuse.ts";
import { Section, type SectionPart, splitSections } from "./sections.ts";
import { signature, type Signature, valueTypes } from "./value-types.ts";

/**
 * Reads all sections. What is in functions, element and data segments is V8's to check when it compiles; how many there
 * are is checked here.
 *
 * @throws WasmError `NOT_A_MODULE`, `INVALID_MODULE`, `UNSUPPORTED_MODULE`
 */
export function parseModule(bytes: Uint8Array): ParsedModule {
  const module = emptyModule(bytes, splitSections(bytes));
  for (const { id, content, end } of module.sections)
    parsers[id]?.(module, new Reader(bytes, content, end));
  checkBodies(module);
  return module;
}

function emptyModule(bytes: Uint8Array, sections: readonly SectionPart[]): ParsedModule {
  return {
    bytes,
    sections,
    types: [],
    imports: [],
    functions: [],
    importedFunctions: 0,
    tables: [],
    memories: [],
    tags: [],
    globals: [],
    exports: [],
    elementSegments: 0,
    elements: 0,
    dataSegments: 0,
  };
}

type Parser = (module: ParsedModule, reader: Reader) => void;

/** Reads entries to the end of the section. */
function vector(what: string, most: number, entry: Parser): Parser {
  return (module, reader) => {
    const count = reader.count(what, most);
    for (let index = 0; index < count; index += 1) entry(module, reader);
    reader.finish(`the section of ${what}`);
  };
}

/** By id of the section. */
const parsers: Readonly<Record<number, Parser>> = {
  [Section.type]: vector("types", bounds.types, (module, reader) => {
    module.types.push(readType(reader));
  }),
  [Section.import]: vector("imports", bounds.imports, readImport),
  [Section.function]: vector("functions", bounds.functions, (module, reader) => {
    module.functions.push(typeAt(module, reader));
  }),
  [Section.table]: vector("tables", bounds.tables, readTable),
  [Section.memory]: vector("memories", bounds.tables, (module, reader) => {
    addMemory(module, reader, false);
  }),
  [Section.tag]: vector("tags", bounds.tags, addTag),
  [Section.global]: vector("globals", bounds.globals, (module, reader) => {
    addGlobal(module, reader);
    skipConstant(reader);
  }),
  [Section.export]: (module, reader) => {
    const names = new Set<string>();
    vector("exports", bounds.exports, () => readExport(module, reader, names))(module, reader);
  },
  [Section.start]: readStart,
  [Section.element]: readElements,
  [Section.data]: (module, reader) => {
    module.dataSegments = reader.count("data segments", bounds.dataSegments);
  },
  [Section.code]: readCode,
};

function readType(reader: Reader): Signature {
  const at = reader.at;
  const form = reader.u8();
  if (form >= 0x4d && form < 0x60)
    refuseUnsupported("has types for garbage collection", "build it without them");
  if (form !== 0x60) refuseBroken(at, `0x${form.toString(16)} is no type of a function`);
  return signature(valueTypes(reader, "parameters"), valueTypes(reader, "results"));
}

function readTable(module: ParsedModule, reader: Reader): void {
  if (reader.bytes[reader.at] === 0x40)
    refuseUnsupported(
      "has a table with a first value for its elements",
      "build it without typed references",
    );
  addTable(module, reader, false);
}

function readStart(module: ParsedModule, reader: Reader): void {
  const at = reader.at;
  const index = reader.u32();
  if (module.functions[index] === undefined)
    refuseBroken(at, `the start function ${index} is not there`);
  reader.finish("the start section");
}

/** Each function needs its body, and no body is there without one. */
function checkBodies(module: ParsedModule): void {
  const declared = module.functions.length - module.importedFunctions;
  const code = sectionOf(module, Section.code);
  const bodies = code === undefined ? 0 : new Reader(module.bytes, code.content, code.end).u32();
  if (declared === bodies) return;
  refuseBroken(code?.content ?? module.bytes.length, `${declared} functions have ${bodies} bodies`);
}
