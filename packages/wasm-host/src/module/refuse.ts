import { WasmError, type WasmReason } from "../errors.ts";

/** Longest name that a text quotes; names in modules may have 100 000 octets. */
const quotedLength = 100;

/** Characters that would break a line of a log, or turn its direction. */
const unprintable = /[\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu;

/** A name out of a module, safe for one line of text: quoted, escaped and shortened. */
export function quote(name: string): string {
  const short = name.length > quotedLength ? `${name.slice(0, quotedLength)}…` : name;
  return JSON.stringify(short).replaceAll(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Refuses a module. */
export function refuse(reason: WasmReason, message: string): never {
  throw new WasmError(reason, 422, message);
}

/** Refuses a module whose format is broken. @param at octet of the file where it shows */
export function refuseBroken(at: number, what: string): never {
  return refuse(
    "INVALID_MODULE",
    `the module is broken at octet ${at}: ${what}; build or copy it again`,
  );
}

/** Refuses what this host cannot run. @param cure what to do about it */
export function refuseUnsupported(what: string, cure: string): never {
  return refuse("UNSUPPORTED_MODULE", `the module ${what}, which this host does not run; ${cure}`);
}
