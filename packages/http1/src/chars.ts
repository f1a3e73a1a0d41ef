/** Octets that the parsers look for. */
export const Octet = {
  TAB: 0x09,
  LF: 0x0a,
  CR: 0x0d,
  SPACE: 0x20,
  HASH: 0x23,
  ASTERISK: 0x2a,
  SLASH: 0x2f,
  ZERO: 0x30,
  NINE: 0x39,
  COLON: 0x3a,
  SEMICOLON: 0x3b,
} as const;

/** 1 for `tchar` (RFC 9110 §5.6.2): methods and field names. */
export const isToken = tableOf((code) =>
  /[A-Za-z0-9!#$%&'*+.^_`|~-]/u.test(String.fromCharCode(code)),
);

/** 1 for what a field value may hold (RFC 9110 §5.5): visible, SP, HTAB and obs-text; no other control character. */
export const isValue = tableOf((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f));

/** 1 for what a request target may hold: visible characters and, as most servers take it, obs-text; no fragment. */
export const isTarget = tableOf((code) => code > 0x20 && code !== 0x7f && code !== Octet.HASH);

/** 1 for what a host with port may hold (RFC 3986 §3.2.2), without the comma that would make a list of it. */
export const isAuthority = tableOf((code) =>
  /[A-Za-z0-9._~%!$&'()*+;=:[\]-]/u.test(String.fromCharCode(code)),
);

/** Value of a hexadecimal digit, 255 for anything else. */
export const hexValue = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

/** Lower case of ASCII letters, everything else as it is. */
export const lowerCase = Uint8Array.from({ length: 256 }, (_, code) =>
  code >= 0x41 && code <= 0x5a ? code + 0x20 : code,
);

/** The octet at an index that is within the buffer by contract: a loop guards it, the type system cannot see that. */
export function at(buffer: Uint8Array, index: number): number {
  return buffer[index] as number;
}

/** The octets as a text of one character each, as header fields are. */
export function text(buffer: Buffer, start: number, end: number): string {
  return buffer.toString("latin1", start, end);
}

/** SP or HTAB. */
export function isBlank(octet: number): boolean {
  return octet === Octet.SPACE || octet === Octet.TAB;
}

function tableOf(holds: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (holds(code) ? 1 : 0));
}
