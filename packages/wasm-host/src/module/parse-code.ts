import { bounds } from "./bounds.ts";
import type { ParsedModule } from "./parsed-module.ts";
import type { Reader } from "./reader.ts";
import { refuse, refuseBroken } from "./refuse.ts";
import { valueType } from "./value-types.ts";

/**
 * Reads how many locals the functions have (core specification, 5.5.13). V8 looks at each of them when it compiles, and
 * five octets announce 50 000: a small file would keep all processors busy. What the code does is V8's to check.
 */
export function readCode(_module: ParsedModule, reader: Reader): void {
  const count = reader.count("function bodies", bounds.functions);
  let locals = 0;
  for (let index = 0; index < count && locals <= bounds.allLocals; index += 1)
    locals += localsOf(reader.part(reader.u32()));
  if (locals > bounds.allLocals)
    refuse("UNSUPPORTED_MODULE", `the functions of the module have more than ${bounds.allLocals} locals together; make it smaller`); // prettier-ignore
}

function localsOf(body: Reader): number {
  const groups = body.u32();
  let locals = 0;
  for (let group = 0; group < groups; group += 1) {
    const at = body.at;
    locals += body.u32();
    if (locals > bounds.locals)
      refuseBroken(at, `a function has more than ${bounds.locals} locals`);
    valueType(body);
  }
  return locals;
}
