import type { ParsedModule } from "./parsed-module.ts";
import { refuse } from "./refuse.ts";

/**
 * What an instance may take of its thread's JavaScript heap by what its module declares, octets. V8 can stop neither an
 * instantiation nor a row of table instructions in their midst, and where a heap goes over its limit by more than
 * 16 MiB in one of them, all of the process ends.
 */
const mostBytes = 16 * 1024 * 1024;

/** Octets of V8's heap for each, measured with V8 13.6; with 11.3 functions take four times, tables half as much. */
const cost = {
  /** An element of a table that names a function. */
  tableElement: 72,
  /** An entry of an element segment. */
  element: 8,
  /** A function that is named anywhere. */
  function: 80,
  /** An import or export. */
  external: 400,
  /** An element or data segment. */
  segment: 16,
  global: 8,
} as const;

/**
 * By how many elements each table may grow, so that an instance stays within what it may take. Imported ones are made
 * by the host, as large as may be.
 *
 * @param elements that one table may have
 * @throws WasmError `UNSUPPORTED_MODULE`, `TABLE_ABOVE_LIMIT`: it begins with more
 */
export function tableGrowth(module: ParsedModule, elements: number): number {
  const left = mostBytes - withoutTables(module);
  if (left < 0) refuseSize(mostBytes - left);
  const most = Math.floor(left / cost.tableElement);
  const sizes = module.tables.map(({ imported, limits }) => (imported ? elements : limits.initial));
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sum > most) refuseTables(sum, most);
  return Math.floor((most - sum) / Math.max(1, module.tables.length));
}

function withoutTables(module: ParsedModule): number {
  const { functions, elements, exports, imports, globals, elementSegments, dataSegments } = module;
  const named = Math.min(functions.length, elements + exports.length + globals.length);
  return (
    named * cost.function +
    elements * cost.element +
    (exports.length + imports.length) * cost.external +
    (elementSegments + dataSegments) * cost.segment +
    globals.length * cost.global
  );
}

function refuseSize(bytes: number): never {
  refuse(
    "UNSUPPORTED_MODULE",
    `each instance of the module takes ${mebibytes(bytes)} MiB for its functions, exports and segments, ${mebibytes(mostBytes)} are allowed; make it smaller`,
  );
}

function refuseTables(sum: number, most: number): never {
  refuse(
    "TABLE_ABOVE_LIMIT",
    `the tables of the module have ${sum} elements together, ${most} are allowed beside all else that is in it; build it with smaller tables`,
  );
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
