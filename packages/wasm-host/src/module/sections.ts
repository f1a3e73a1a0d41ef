import { bounds } from "./bounds.ts";
import { Reader } from "./reader.ts";
import { quote, refuse, refuseBroken, refuseUnsupported } from "./refuse.ts";

/** Ids of sections (core specification, 5.5.2). */
export const Section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** One section of a module, as it lies in the file. */
export interface SectionPart {
  readonly id: number;
  /** Octet of its id. */
  readonly start: number;
  /** Octet of its first content. */
  readonly content: number;
  /** Octet behind its last content. */
  readonly end: number;
  /** Of custom sections, otherwise empty. */
  readonly name: string;
}

/** Place of each section id in a module: ids are no order, `dataCount` and `tag` were added later. */
const places = [-1, 0, 1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 10, 5];

/** Where a section belongs among the others; custom sections may be anywhere. */
export function placeOf(id: number): number {
  return places[id] ?? -1;
}

/**
 * Divides a module into its sections.
 *
 * @throws WasmError `NOT_A_MODULE`, `INVALID_MODULE`, `UNSUPPORTED_MODULE`
 */
export function splitSections(bytes: Uint8Array): SectionPart[] {
  checkHeader(bytes);
  const sections: SectionPart[] = [];
  const reader = new Reader(bytes, 8);
  let place = -1;
  let customs = 0;
  while (reader.left > 0) {
    const section = readSection(reader);
    sections.push(section);
    if (section.id === Section.custom) {
      customs += 1;
      if (customs > bounds.customSections)
        refuse(
          "UNSUPPORTED_MODULE",
          `the module has more than ${bounds.customSections} custom sections; strip it`,
        );
      continue;
    }
    const next = placeOf(section.id);
    if (next <= place)
      refuseBroken(section.start, `section ${section.id} is there twice, or too late`);
    place = next;
  }
  return sections;
}

function readSection(reader: Reader): SectionPart {
  const start = reader.at;
  const id = reader.u8();
  if (id >= places.length)
    refuseUnsupported(
      `has a section of the unknown kind ${id} at octet ${start}`,
      "build it for WebAssembly 2.0 or older",
    );
  const length = reader.u32();
  const content = reader.at;
  const part = reader.part(length);
  return { id, start, content, end: reader.at, name: id === Section.custom ? part.name() : "" };
}

/** The eight octets that every module begins with. */
function checkHeader(bytes: Uint8Array): void {
  if (bytes.length === 0) refuse("NOT_A_MODULE", "the file is empty; give a module of WebAssembly");
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== "\0asm")
    refuse(
      "NOT_A_MODULE",
      `not a WebAssembly module: ${describe(bytes, magic)}; give a .wasm file`,
    );
  if (bytes.length < 8)
    refuse("NOT_A_MODULE", `the file ends after ${bytes.length} octets; build or copy it again`);
  const version = (bytes[4] ?? 0) | ((bytes[5] ?? 0) << 8);
  const layer = (bytes[6] ?? 0) | ((bytes[7] ?? 0) << 8);
  if (version === 1 && layer === 0) return;
  if (layer === 1)
    refuse(
      "NOT_A_MODULE",
      `a component (version ${version}), not a core module; build it as a core module, e.g. for wasm32-wasip1`,
    );
  refuse(
    "NOT_A_MODULE",
    `WebAssembly of version ${version + layer * 65_536}, this host runs version 1; build it for version 1`,
  );
}

/** What a file that is no module probably is. */
function describe(bytes: Uint8Array, magic: string): string {
  const text = String.fromCharCode(...bytes.subarray(0, 16)).trimStart();
  if (text.startsWith("(module"))
    return "it is WebAssembly text, which must be made binary first (wat2wasm)";
  if (magic.startsWith("\x1f\x8b")) return "it is packed by gzip, unpack it first";
  if (magic.startsWith("PK\x03\x04")) return "it is a zip archive, unpack it first";
  if (magic === "\x7fELF") return "it is a program for Linux, build it for wasm32";
  return `it begins with ${quote(magic)}`;
}
