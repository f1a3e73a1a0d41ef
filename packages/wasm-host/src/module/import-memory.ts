import { Reader } from "./reader.ts";
import { placeOf, Section, splitSections, type SectionPart } from "./sections.ts";
import { Writer } from "./writer.ts";

/** What a memory is imported as that the module would have defined itself. */
const importedAs = { module: "layotto", name: "memory" } as const;

/** Kind of an import that is a memory. */
const memoryKind = 0x02;

/**
 * Writes a module anew so that it imports the memory that it defines: its host can give it one that was used before, which
 * costs far less than a new one. A module that defines none is returned as it is.
 *
 * @param bytes a module that has been parsed
 */
export function importMemory(bytes: Uint8Array): Uint8Array {
  const sections = splitSections(bytes);
  const memory = sections.find(({ id }) => id === Section.memory);
  if (memory === undefined) return bytes;
  const count = new Reader(bytes, memory.content, memory.end);
  if (count.u32() !== 1) return bytes;
  const entry = importEntry(bytes.subarray(count.at, memory.end));
  const out = new Writer(bytes.length + entry.length + 16);
  out.bytes(bytes.subarray(0, 8));
  let imported = false;
  for (const section of sections) {
    if (!imported && section.id !== Section.custom && placeOf(section.id) >= placeOf(Section.import)) {
      imported = true;
      out.u8(Section.import);
      out.sized(withEntry(bytes, section.id === Section.import ? section : undefined, entry));
      if (section.id === Section.import) continue;
    }
    if (section !== memory) out.bytes(bytes.subarray(section.start, section.end));
  }
  return out.view().slice();
} // prettier-ignore

/** @param limits of the memory, as its section writes them */
function importEntry(limits: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  const out = new Writer(64);
  out.sized(encoder.encode(importedAs.module));
  out.sized(encoder.encode(importedAs.name));
  out.u8(memoryKind);
  out.bytes(limits);
  return out.view();
}

/** Content of the import section with one entry more. */
function withEntry(
  bytes: Uint8Array,
  section: SectionPart | undefined,
  entry: Uint8Array,
): Uint8Array {
  const out = new Writer();
  if (section === undefined) out.u32(1);
  else {
    const reader = new Reader(bytes, section.content, section.end);
    out.u32(reader.u32() + 1);
    out.bytes(bytes.subarray(reader.at, section.end));
  }
  out.bytes(entry);
  return out.view();
}
