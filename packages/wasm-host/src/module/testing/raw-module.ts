import { Writer } from "../writer.ts";

/** A section: its id and what is in it. */
export type RawSection = readonly [id: number, content: ArrayLike<number>];

/** Makes a module of sections, right or wrong. */
export function rawModule(...sections: readonly RawSection[]): Uint8Array {
  const out = new Writer();
  out.raw(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  for (const [id, content] of sections) {
    out.u8(id);
    out.sized(Uint8Array.from(content));
  }
  return out.view().slice();
}

/** A number in LEB128. */
export function leb(value: number): readonly number[] {
  const out = new Writer();
  out.u32(value);
  return [...out.view()];
}

/** A name with its length. */
export function rawName(name: string): readonly number[] {
  const octets = new TextEncoder().encode(name);
  return [...leb(octets.length), ...octets];
}

/** The largest number of 32 bits. */
export const huge = [0xff, 0xff, 0xff, 0xff, 0x0f] as const;

/** A module with one function: `code` is its instructions without the end. */
export function rawFunction(...code: readonly number[]): Uint8Array {
  return moduleOf(Uint8Array.from(code));
}

/** The same with some instructions again and again. */
export function repeatedFunction(times: number, ...code: readonly number[]): Uint8Array {
  const all = new Uint8Array(times * code.length);
  for (let round = 0; round < times; round += 1) all.set(code, round * code.length);
  return moduleOf(all);
}

function moduleOf(code: Uint8Array): Uint8Array {
  const section = new Writer(code.length + 16);
  section.u8(1);
  section.u32(code.length + 2);
  section.u8(0);
  section.bytes(code);
  section.u8(0x0b);
  return rawModule(
    [1, [0x01, 0x60, 0x00, 0x00]],
    [3, [0x01, 0x00]],
    [7, [0x01, ...rawName("run"), 0x00, 0x00]],
    [10, section.view()],
  );
}
