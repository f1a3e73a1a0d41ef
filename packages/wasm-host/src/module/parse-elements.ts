import { bounds } from "./bounds.ts";
import { skipConstant } from "./fuel/instructions.ts";
import type { ParsedModule } from "./parsed-module.ts";
import type { Reader } from "./reader.ts";
import { refuse, refuseBroken } from "./refuse.ts";
import { referenceType } from "./value-types.ts";

/**
 * Reads element segments (core specification, 5.5.12). Which functions they name is V8's to check; how many entries
 * there are is counted here: V8 makes arrays of them in its heap, for each instance.
 */
export function readElements(module: ParsedModule, reader: Reader): void {
  module.elementSegments = reader.count("element segments", bounds.elementSegments);
  for (let index = 0; index < module.elementSegments; index += 1) readSegment(module, reader);
  reader.finish("the section of element segments");
}

function readSegment(module: ParsedModule, reader: Reader): void {
  const at = reader.at;
  const flags = reader.u32();
  if (flags > 7) refuseBroken(at, `${flags} is no kind of element segment`);
  const isActive = (flags & 1) === 0;
  const isExplicit = (flags & 2) !== 0;
  const hasExpressions = (flags & 4) !== 0;
  if (isActive && isExplicit) reader.u32();
  if (isActive) skipConstant(reader);
  if (!isActive || isExplicit) readType(reader, hasExpressions);
  const count = reader.count("entries in an element segment", bounds.elements);
  module.elements += count;
  if (module.elements > bounds.elements)
    refuse("UNSUPPORTED_MODULE", `the module has more than ${bounds.elements} entries in its element segments; make it smaller`); // prettier-ignore
  for (let index = 0; index < count; index += 1) {
    if (hasExpressions) skipConstant(reader);
    else reader.u32();
  }
}

/** Reads the type or kind of the entries. Newer types are longer: passed over, they would shift the count behind them. */
function readType(reader: Reader, hasExpressions: boolean): void {
  if (hasExpressions) {
    referenceType(reader);
    return;
  }
  const at = reader.at;
  const kind = reader.u8();
  if (kind !== 0) refuseBroken(at, `0x${kind.toString(16)} is no kind of elements`);
}
