import { parseModule } from "../module/parse.ts";
import { type ParsedModule, sectionOf } from "../module/parsed-module.ts";
import { Reader } from "../module/reader.ts";
import { Section } from "../module/sections.ts";
import { Writer } from "../module/writer.ts";

/**
 * A program with the imports and the memory of another one that ends at once. Running it shows whether everything that
 * the other wants is there, without running the other, and warms up what runs it.
 *
 * @throws WasmError when the module is broken
 */
export function trialModule(bytes: Uint8Array): Uint8Array {
  const module = parseModule(bytes);
  const out = new Writer(4096);
  out.bytes(bytes.subarray(0, 8));
  section(out, Section.type, withEmptyType(module));
  copySection(out, module, Section.import);
  section(out, Section.function, content(1, (to) => to.u32(module.types.length)));
  copySection(out, module, Section.memory);
  section(out, Section.export, exportsOf(module));
  section(out, Section.code, Uint8Array.of(1, 2, 0, 0x0b));
  return out.view().slice();
} // prettier-ignore

function section(out: Writer, id: number, bytes: Uint8Array): void {
  out.u8(id);
  out.sized(bytes);
}

function copySection(out: Writer, module: ParsedModule, id: number): void {
  const found = sectionOf(module, id);
  if (found !== undefined) out.bytes(module.bytes.subarray(found.start, found.end));
}

function content(count: number, write: (to: Writer) => void): Uint8Array {
  const out = new Writer(64);
  out.u32(count);
  write(out);
  return out.view().slice();
}

/** The types of the module, and that of a function without parameters and results. */
function withEmptyType(module: ParsedModule): Uint8Array {
  return content(module.types.length + 1, (to) => {
    const types = sectionOf(module, Section.type);
    if (types !== undefined) {
      const reader = new Reader(module.bytes, types.content, types.end);
      reader.u32();
      to.bytes(module.bytes.subarray(reader.at, types.end));
    }
    to.raw(0x60, 0, 0);
  });
}

function exportsOf(module: ParsedModule): Uint8Array {
  const hasMemory = module.memories.length > 0;
  return content(hasMemory ? 2 : 1, (to) => {
    exported(to, "_start", 0, module.importedFunctions);
    if (hasMemory) exported(to, "memory", 2, 0);
  });
}

function exported(to: Writer, name: string, kind: number, index: number): void {
  to.sized(new TextEncoder().encode(name));
  to.u8(kind);
  to.u32(index);
}
