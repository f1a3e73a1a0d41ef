import { HeaderField } from "./field.ts";

/** RFC 7541 Appendix A, in order; index 1 is the first one. */
const entries: readonly (readonly [name: string, value?: string])[] = [
  [":authority"],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset"],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language"],
  ["accept-ranges"],
  ["accept"],
  ["access-control-allow-origin"],
  ["age"],
  ["allow"],
  ["authorization"],
  ["cache-control"],
  ["content-disposition"],
  ["content-encoding"],
  ["content-language"],
  ["content-length"],
  ["content-location"],
  ["content-range"],
  ["content-type"],
  ["cookie"],
  ["date"],
  ["etag"],
  ["expect"],
  ["expires"],
  ["from"],
  ["host"],
  ["if-match"],
  ["if-modified-since"],
  ["if-none-match"],
  ["if-range"],
  ["if-unmodified-since"],
  ["last-modified"],
  ["link"],
  ["location"],
  ["max-forwards"],
  ["proxy-authenticate"],
  ["proxy-authorization"],
  ["range"],
  ["referer"],
  ["refresh"],
  ["retry-after"],
  ["server"],
  ["set-cookie"],
  ["strict-transport-security"],
  ["transfer-encoding"],
  ["user-agent"],
  ["vary"],
  ["via"],
  ["www-authenticate"],
];

/** The static table; `staticTable[0]` is a placeholder, since index 0 is not used (RFC 7541 §6.1). */
export const staticTable: readonly HeaderField[] = [
  new HeaderField("", ""),
  ...entries.map(([name, value]) => new HeaderField(name, value ?? "")),
];

/** Entries of the static table: the first dynamic entry has this index plus one. */
export const staticTableLength = entries.length;

const firstIndexByName = new Map<string, number>();
for (const [index, field] of staticTable.entries()) {
  field.staticIndex = index;
  if (index > 0 && !firstIndexByName.has(field.name)) firstIndexByName.set(field.name, index);
}

/** Index of the first entry with the name, 0 for none. */
export function staticNameIndex(name: string): number {
  return firstIndexByName.get(name) ?? 0;
}

/** Index of the entry with name and value, given the name's first index; 0 for none. */
export function staticFieldIndex(nameIndex: number, name: string, value: string): number {
  if (nameIndex === 0) return 0;
  for (let index = nameIndex; index <= staticTableLength; index++) {
    const field = staticTable[index];
    if (field === undefined || field.name !== name) return 0;
    if (field.value === value) return index;
  }
  return 0;
}
