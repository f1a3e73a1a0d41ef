import type { HeaderList } from "../hpack/header-list.ts";

/** What a header list is used as. */
export const HeadKind = { REQUEST: 0, RESPONSE: 1, TRAILERS: 2 } as const;

/** One of {@link HeadKind}. */
export type HeadKindCode = (typeof HeadKind)[keyof typeof HeadKind];

/**
 * A validated header list (RFC 9113 §8.2, §8.3). It is kept with the list, so a block that repeats is
 * validated once.
 */
export class Head {
  readonly kind: HeadKindCode;
  readonly list: HeaderList;
  /** Why the list is malformed, null when it is well-formed. */
  malformed: string | null = null;
  method = "";
  path = "";
  scheme = "";
  authority = "";
  /** `:status` of a response, 0 in requests and trailers. */
  status = 0;
  /** Value of `content-length`, -1 without one. */
  contentLength = -1;
  /** Value of `grpc-timeout`, empty without one. */
  timeout = "";
  /** Value of `content-type`, empty without one. */
  contentType = "";
  /** Slot for the user of the stream: what it derived from the list. */
  derived: unknown = null;

  constructor(kind: HeadKindCode, list: HeaderList) {
    this.kind = kind;
    this.list = list;
  }
}

/** Returns the validated form of a list used as `kind`. */
export function headOf(list: HeaderList, kind: HeadKindCode): Head {
  const known = list.parsed;
  if (known instanceof Head && known.kind === kind) return known;
  const head = new Head(kind, list);
  head.malformed = parse(head);
  list.parsed = head;
  return head;
}

function parse(head: Head): string | null {
  let regular = false;
  let seen = 0;
  for (const { name, value } of head.list.fields) {
    const fault = nameFault(name) ?? valueFault(value);
    if (fault !== null) return `${fault} in field "${name}"`;
    if (name.charCodeAt(0) === 0x3a) {
      const bit = pseudoBit(head, name, value);
      if (bit === 0) return `pseudo-header "${name}" is not allowed here`;
      if (regular) return `pseudo-header "${name}" after regular fields`;
      if ((seen & bit) !== 0) return `pseudo-header "${name}" twice`;
      seen |= bit;
    } else {
      regular = true;
      const connectionFault = regularField(head, name, value);
      if (connectionFault !== null) return connectionFault;
    }
  }
  return missingPseudo(head, seen);
}

const METHOD = 1;
const PATH = 2;
const SCHEME = 4;
const AUTHORITY = 8;
const STATUS = 16;

function pseudoBit(head: Head, name: string, value: string): number {
  if (head.kind === HeadKind.TRAILERS) return 0;
  if (head.kind === HeadKind.RESPONSE) {
    if (name !== ":status") return 0;
    head.status = /^[1-9][0-9][0-9]$/.test(value) ? Number(value) : 0;
    return STATUS;
  }
  switch (name) {
    case ":method":
      head.method = value;
      return METHOD;
    case ":path":
      head.path = value;
      return PATH;
    case ":scheme":
      head.scheme = value;
      return SCHEME;
    case ":authority":
      head.authority = value;
      return AUTHORITY;
    default:
      return 0;
  }
}

function missingPseudo(head: Head, seen: number): string | null {
  if (head.kind === HeadKind.TRAILERS || head.list.oversize) return null;
  if (head.kind === HeadKind.RESPONSE) return head.status === 0 ? 'no valid ":status"' : null;
  if ((seen & METHOD) === 0) return 'no ":method"';
  if (head.method === "CONNECT") return (seen & AUTHORITY) === 0 ? 'no ":authority"' : null;
  if ((seen & SCHEME) === 0) return 'no ":scheme"';
  return (seen & PATH) === 0 || head.path === "" ? 'no ":path"' : null;
}

function regularField(head: Head, name: string, value: string): string | null {
  switch (name) {
    case "connection":
    case "keep-alive":
    case "proxy-connection":
    case "transfer-encoding":
    case "upgrade":
      return `connection-specific field "${name}"`;
    case "te":
      return value === "trailers" ? null : 'field "te" other than "trailers"';
    case "content-length":
      if (!/^\d{1,15}$/.test(value)) return 'invalid "content-length"';
      if (head.contentLength >= 0 && head.contentLength !== Number(value)) {
        return 'contradicting "content-length"';
      }
      head.contentLength = Number(value);
      return null;
    case "grpc-timeout":
      head.timeout = value;
      return null;
    case "content-type":
      head.contentType = value;
      return null;
    default:
      return null;
  }
}

/** Field names are lower-case tokens (RFC 9113 §8.2.1). */
function nameFault(name: string): string | null {
  const first = name.charCodeAt(0) === 0x3a ? 1 : 0;
  if (name.length === first) return "empty name";
  for (let i = first; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || c === 0x3a || (c >= 0x41 && c <= 0x5a)) return "invalid name";
  }
  return null;
}

/** NUL, CR and LF would let a value break out of its field. */
function valueFault(value: string): string | null {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === 0 || c === 0x0a || c === 0x0d) return "invalid value";
  }
  return null;
}
