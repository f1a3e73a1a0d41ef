import { text } from "./chars.ts";
import { equalsName } from "./known-fields.ts";

/** How a body is delimited (RFC 9112 §6.3). */
export const Framing = { NONE: 0, LENGTH: 1, CHUNKED: 2, CLOSE: 3 } as const;

/** Options of a Connection header, as bits. */
export const Option = {
  CLOSE: 1,
  KEEP_ALIVE: 2,
  UPGRADE: 4,
  /** Names of fields. */ NAMES: 8,
} as const;

/** Places kept per header line: start and end of its name, start and end of its value. */
const PLACES = 4;

/**
 * The head of a message: places in its octets, nothing decoded. Used again for each message of a connection.
 *
 * Places are relative to `base`, so that a head that was parsed where it arrived can move into memory of its own.
 */
export class Head {
  buffer: Buffer;
  base = 0;
  /** Octets of the whole head with the empty line. */
  bytes = 0;
  /** Where the header lines begin. */
  fieldsStart = 0;
  count = 0;
  /** {@link ./known-fields.ts Field} of each line. */
  readonly fields: Uint16Array;
  /** All known fields that are there, as bits. */
  seen = 0;
  /** Those that are there more than once. */
  repeated = 0;
  private readonly places: Int32Array;

  /** Minor version: 0 or 1. */
  minor = 1;
  framing: number = Framing.NONE;
  contentLength = 0;
  /** Bits of {@link Option}. */
  connection = 0;

  /** Requests. */
  method = "";
  targetStart = 0;
  targetEnd = 0;
  /** Requests: path with query; of an absolute target without scheme and authority. */
  path = "";
  /** Requests: host with port. */
  authority = "";
  /** Requests: the target is the path as it is, the method is followed by it. */
  originForm = true;

  /** Answers. */
  status = 0;

  constructor(buffer: Buffer, maxHeaders: number) {
    this.buffer = buffer;
    this.fields = new Uint16Array(maxHeaders);
    this.places = new Int32Array(maxHeaders * PLACES);
  }

  clear(buffer: Buffer, base: number): void {
    this.buffer = buffer;
    this.base = base;
    this.count = 0;
    this.seen = 0;
    this.repeated = 0;
    this.connection = 0;
    this.contentLength = 0;
  }

  /** Adds a line; places are absolute in the buffer. */
  add(field: number, nameStart: number, nameEnd: number, start: number, end: number): void {
    const { places, base } = this;
    const place = this.count * PLACES;
    places[place] = nameStart - base;
    places[place + 1] = nameEnd - base;
    places[place + 2] = start - base;
    places[place + 3] = end - base;
    this.fields[this.count++] = field;
    this.repeated |= this.seen & field;
    this.seen |= field;
  }

  lineStart(index: number): number {
    return this.base + this.place(index * PLACES);
  }

  /** Where the line after this one begins. */
  lineEnd(index: number): number {
    return index + 1 < this.count ? this.lineStart(index + 1) : this.base + this.bytes - 2;
  }

  nameEnd(index: number): number {
    return this.base + this.place(index * PLACES + 1);
  }

  valueStart(index: number): number {
    return this.base + this.place(index * PLACES + 2);
  }

  valueEnd(index: number): number {
    return this.base + this.place(index * PLACES + 3);
  }

  name(index: number): string {
    return text(this.buffer, this.lineStart(index), this.nameEnd(index));
  }

  value(index: number): string {
    return text(this.buffer, this.valueStart(index), this.valueEnd(index));
  }

  /** Whether the name of a line is `name`, which is in lower case. */
  isNamed(index: number, name: string): boolean {
    return equalsName(this.buffer, this.lineStart(index), this.nameEnd(index), name);
  }

  /** The first line of a known field, or −1. */
  indexOf(field: number): number {
    return (this.seen & field) === 0 ? -1 : this.fields.indexOf(field);
  }

  /** A known field's first value. */
  known(field: number): string | undefined {
    const index = this.indexOf(field);
    return index < 0 ? undefined : this.value(index);
  }

  /** All values of a field by its lower-case name, joined by ", ". */
  header(name: string): string | undefined {
    let joined: string | undefined;
    for (let i = 0; i < this.count; i++) {
      if (!this.isNamed(i, name)) continue;
      joined = joined === undefined ? this.value(i) : `${joined}, ${this.value(i)}`;
    }
    return joined;
  }

  /** All lines, names in lower case. */
  entries(): (readonly [string, string])[] {
    return Array.from({ length: this.count }, (_, i) => [this.name(i).toLowerCase(), this.value(i)] as const); // prettier-ignore
  }

  /** All lines: name, value, name, value …; names in lower case. */
  flat(): string[] {
    const lines: string[] = [];
    for (let i = 0; i < this.count; i++) lines.push(this.name(i).toLowerCase(), this.value(i));
    return lines;
  }

  private place(index: number): number {
    return this.places[index] as number; // within the lines that were added, by contract
  }
}
