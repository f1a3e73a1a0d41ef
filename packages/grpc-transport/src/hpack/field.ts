import type { NameTraits } from "./name-traits.ts";

/** What a field costs in a table or list beyond its octets (RFC 7541 §4.1). */
export const fieldOverheadBytes = 32;

/**
 * A header field. Entries of the static table and of dynamic tables are shared instances, so fields that
 * repeat are the same object and encoders find them again without a look-up.
 */
export class HeaderField {
  /** Lower-case name, pseudo headers with their colon. */
  readonly name: string;
  /** Value, one character per octet (latin1). */
  readonly value: string;
  /** Never indexed, by us or by anyone who forwards it (RFC 7541 §6.2.3). */
  readonly sensitive: boolean;
  /** Octets of name and value plus 32 (RFC 7541 §4.1). */
  readonly size: number;

  /** Index of the whole field in the static table, 0 for none, -1 until an encoder asked. @internal */
  staticIndex = -1;
  /** What encoders know of the name, null until an encoder asked. @internal */
  traits: NameTraits | null = null;
  /** Number of the encoder that indexed this instance last, 0 for none. @internal */
  encoderId = 0;
  /** Insertion number in that encoder's table. @internal */
  insertion = 0;

  /**
   * @param name lower-case, latin1; not validated here
   * @param value latin1; not validated here, characters beyond U+00FF are sent as "?"
   * @param sensitive default false
   */
  constructor(name: string, value: string, sensitive = false) {
    this.name = name;
    this.value = value;
    this.sensitive = sensitive;
    this.size = name.length + value.length + fieldOverheadBytes;
  }
}
