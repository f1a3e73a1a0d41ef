import type { HeaderField } from "./field.ts";
import { maxIntegerOctets } from "./integer.ts";

let lastId = 0;

/** A list of fields that is sent again and again; each encoder keeps its octets. */
export class HeaderTemplate {
  readonly fields: readonly HeaderField[];
  /** Most octets that the list encodes to. */
  readonly maxBytes: number;
  /** Spreads templates over the encoders' caches. @internal */
  readonly id: number;
  /** Whether it was sent before: a list that is sent once need not be kept. @internal */
  wasSent = false;

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
    this.maxBytes = maxEncodedBytes(fields);
    this.id = ++lastId;
  }
}

/**
 * Most octets that a list encodes to, two size updates included. A field takes two strings and an index,
 * three integers beside its octets, which is less than the 32 that its size counts.
 */
export function maxEncodedBytes(fields: readonly HeaderField[]): number {
  let bytes = 2 * maxIntegerOctets;
  for (const field of fields) bytes += field.size;
  return bytes;
}
