import { bounds } from "./bounds.ts";
import { skipConstant } from "./fuel/instructions.ts";
import type { ParsedModule } from "./parsed-module.ts";
import type { Reader } from "./reader.ts";
import { refuse } from "./refuse.ts";

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
  const flags = reader.u32();
  const isActive = (flags & 1) === 0;
  const isExplicit = (flags & 2) !== 0;
  const hasExpressions = (flags & 4) !== 0;
  if (isActive && isExplicit) reader.u32();
  if (isActive) skipConstant(reader);
  // The kind or type of its entries.
  if (!isActive || isExplicit) reader.u8();
  const count = reader.count("entries in an element segment", bounds.elements);
  module.elements += count;
  if (module.elements > bounds.elements)
    refuse("UNSUPPORTED_MODULE", `the module has more than ${bounds.elements} entries in its element segments; make it smaller`); // prettier-ignore
  for (let index = 0; index < count; index += 1) {
    if (hasExpressions) skipConstant(reader);
    else reader.u32();
  }
}
