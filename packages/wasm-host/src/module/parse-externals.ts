import type { ModuleExport, ModuleImport } from "../model/module-info.ts";
import {
  addGlobal,
  addMemory,
  addTable,
  addTag,
  type ParsedModule,
  typeAt,
} from "./parsed-module.ts";
import type { Reader } from "./reader.ts";
import { quote, refuseBroken } from "./refuse.ts";

const kinds = ["function", "table", "memory", "global", "tag"] as const;

type Kind = (typeof kinds)[number];

function readKind(reader: Reader): Kind {
  const at = reader.at;
  const octet = reader.u8();
  return kinds[octet] ?? refuseBroken(at, `0x${octet.toString(16)} is no kind of import or export`);
}

/** Reads the type of an import, and adds the import to its index space. Returns it in words. */
const importTypes: Readonly<Record<Kind, (module: ParsedModule, reader: Reader) => string>> = {
  function(module, reader) {
    const type = typeAt(module, reader);
    module.functions.push(type);
    module.importedFunctions += 1;
    return type.text;
  },
  table: (module, reader) => addTable(module, reader, true),
  memory: (module, reader) => addMemory(module, reader, true),
  global: addGlobal,
  tag: addTag,
};

/** Reads one import. */
export function readImport(module: ParsedModule, reader: Reader): void {
  const from = reader.name();
  const name = reader.name();
  const kind = readKind(reader);
  const type = importTypes[kind](module, reader);
  const found: ModuleImport = { module: from, name, kind, type };
  module.imports.push(found);
}

/** What an export leads to, in words; undefined: nothing is there. */
function typeOfExport(module: ParsedModule, kind: Kind, index: number): string | undefined {
  if (kind === "function") return module.functions[index]?.text;
  if (kind === "table") return module.tables[index]?.text;
  if (kind === "memory") return module.memories[index]?.text;
  return kind === "global" ? module.globals[index] : module.tags[index]?.text;
}

/** Reads one export. @param names of the exports before it; takes the new one in */
export function readExport(module: ParsedModule, reader: Reader, names: Set<string>): void {
  const at = reader.at;
  const name = reader.name();
  const kind = readKind(reader);
  const index = reader.u32();
  const type = typeOfExport(module, kind, index);
  if (type === undefined)
    refuseBroken(at, `the export ${quote(name)} leads to ${kind} ${index}, which is not there`);
  if (names.has(name)) refuseBroken(at, `the export ${quote(name)} is there twice`);
  names.add(name);
  const found: ModuleExport = { name, kind, type };
  module.exports.push(found);
}
