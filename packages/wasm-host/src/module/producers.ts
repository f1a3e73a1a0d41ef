import { WasmError } from "../errors.ts";
import { Reader } from "./reader.ts";
import type { SectionPart } from "./sections.ts";

/** Most tools that are told; a longer list was not made by tools. */
const mostTools = 20;
const textLength = 100;

/**
 * Which tools made a module, by its custom section `producers` (tool-conventions, ProducersSection), e.g. `rustc 1.63.0`.
 * A broken section says nothing: custom sections never make a module invalid.
 */
export function readProducers(bytes: Uint8Array, sections: readonly SectionPart[]): string[] {
  const section = sections.find((each) => each.id === 0 && each.name === "producers");
  if (section === undefined) return [];
  try {
    return readFields(new Reader(bytes, section.content, section.end));
  } catch (error) {
    if (error instanceof WasmError) return [];
    throw error;
  }
}

function readFields(reader: Reader): string[] {
  reader.name();
  const tools: string[] = [];
  for (let fields = reader.count("fields", mostTools); fields > 0; fields -= 1) {
    reader.name();
    for (let values = reader.count("tools", mostTools); values > 0; values -= 1) {
      const tool = `${reader.name()} ${reader.name()}`.trim();
      tools.push(tool.slice(0, textLength));
    }
  }
  return tools.slice(0, mostTools);
}
