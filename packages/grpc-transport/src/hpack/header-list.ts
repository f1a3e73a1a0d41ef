import type { HeaderField } from "./field.ts";

/**
 * A decoded header block. Immutable apart from `parsed`; the same bytes may give the same instance again,
 * so what was derived from it can be kept with it.
 */
export class HeaderList {
  /** The fields in the order of the block. */
  readonly fields: readonly HeaderField[];
  /** Whether the list exceeded `maxListBytes`; the fields from there on are missing. */
  readonly oversize: boolean;
  /** Whatever the user derived from the list, e.g. a validated request; null at first. */
  parsed: unknown = null;

  constructor(fields: readonly HeaderField[], oversize: boolean) {
    this.fields = fields;
    this.oversize = oversize;
  }
}
