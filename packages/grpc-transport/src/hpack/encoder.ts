import { DynamicTable } from "./dynamic-table.ts";
import type { HeaderField } from "./field.ts";
import { FieldIndex } from "./field-index.ts";
import { type HeaderTemplate, maxEncodedBytes } from "./header-template.ts";
import { writeInteger } from "./integer.ts";
import { Indexing, type NameTraits, traitsOf } from "./name-traits.ts";
import { copyOctets } from "./octets.ts";
import { RecentFields } from "./recent-fields.ts";
import { staticFieldIndex, staticTableLength } from "./static-table.ts";
import { writePlain, writeString } from "./string-literal.ts";
import { TemplateCache } from "./template-cache.ts";

export { HeaderTemplate } from "./header-template.ts";

/** Options of an encoder. */
export interface EncoderOptions {
  /** Largest table that we keep, whatever the peer allows. Default 4096. Octets. */
  maxTableBytes?: number;
}

/** SETTINGS_HEADER_TABLE_SIZE until the peer says otherwise (RFC 9113 §6.5.2). */
const initialPeerMaxTableBytes = 4096;
const guessableCookieLength = 20;
const noUpdateDue = -1;
/** Patterns of the representations, RFC 7541 §6. */
const indexed = 0x80;
const withIndexing = 0x40;
const sizeUpdate = 0x20;
const neverIndexed = 0x10;
const withoutIndexing = 0x00;

let lastEncoderId = 0;

/** Encodes the header blocks of one direction of a connection (RFC 7541). */
export class HpackEncoder {
  private readonly id = ++lastEncoderId;
  private readonly table = new DynamicTable(initialPeerMaxTableBytes);
  private readonly index = new FieldIndex();
  private readonly maxTableBytes: number;
  private recent: RecentFields | null = null;
  private templates: TemplateCache | null = null;
  /** Smallest table size that the peer has not been told of yet, or {@link noUpdateDue}. */
  private smallestDue = noUpdateDue;

  constructor(options: EncoderOptions = {}) {
    this.maxTableBytes = options.maxTableBytes ?? initialPeerMaxTableBytes;
    this.setPeerMaxTableBytes(initialPeerMaxTableBytes);
  }

  /** Upper bound of what `encode` writes for the fields, for reserving room. */
  static maxEncodedBytes(fields: readonly HeaderField[]): number {
    return maxEncodedBytes(fields);
  }

  /**
   * Sets the peer's SETTINGS_HEADER_TABLE_SIZE. When that changes our table the next block begins with the
   * new size, preceded by the smallest one in between (RFC 7541 §4.2).
   */
  setPeerMaxTableBytes(n: number): void {
    const table = this.table;
    const size = Math.min(n, this.maxTableBytes);
    if (size === table.maxBytes) return;
    table.maxBytes = size;
    table.generation++; // what may be indexed depends on the size, and templates keep that
    this.evictTo(size);
    if (this.smallestDue === noUpdateDue || size < this.smallestDue) this.smallestDue = size;
  }

  /**
   * Writes a header block and returns the offset behind it. Blocks must be sent in the order in which they
   * were encoded, each of them, since they change the peer's table.
   *
   * @param target must have room for {@link HpackEncoder.maxEncodedBytes} from `offset`
   */
  encode(fields: readonly HeaderField[], target: Buffer, offset: number): number {
    if (this.smallestDue !== noUpdateDue) offset = this.writeSizeUpdates(target, offset);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i];
      if (field !== undefined) offset = this.writeField(field, target, offset, false);
    }
    return offset;
  }

  /**
   * Like `encode` for a list that repeats: its octets are kept while the table is unchanged, and all its
   * fields that may be indexed are.
   *
   * @param target must have room for `template.maxBytes` from `offset`
   */
  encodeTemplate(template: HeaderTemplate, target: Buffer, offset: number): number {
    const templates = (this.templates ??= new TemplateCache());
    if (this.smallestDue !== noUpdateDue) offset = this.writeSizeUpdates(target, offset);
    const generation = this.table.generation;
    const known = templates.find(template, generation);
    if (known !== null) {
      copyOctets(known, 0, target, offset, known.length);
      return offset + known.length;
    }
    const start = offset;
    for (const field of template.fields) offset = this.writeField(field, target, offset, true);
    // What a peer sent once, e.g. with an id in it, may never be sent again.
    if (!template.wasSent) template.wasSent = true;
    else if (this.table.generation === generation) {
      templates.keep(template, generation, target, start, offset);
    }
    return offset;
  }

  private writeField(field: HeaderField, target: Buffer, offset: number, repeats: boolean): number {
    if (field.staticIndex > 0) {
      target[offset] = indexed | field.staticIndex;
      return offset + 1;
    }
    if (field.encoderId === this.id && field.insertion > this.table.dropped) {
      return this.writeIndex(field.insertion, target, offset);
    }
    return this.writeUnmarked(field, target, offset, repeats);
  }

  private writeIndex(insertion: number, target: Buffer, offset: number): number {
    return writeInteger(target, offset, indexed, 0x7f, this.indexOf(insertion));
  }

  private indexOf(insertion: number): number {
    return staticTableLength + 1 + this.table.inserted - insertion;
  }

  /** Writes a field that carries no mark of this encoder's table. */
  private writeUnmarked(
    field: HeaderField,
    target: Buffer,
    offset: number,
    repeats: boolean,
  ): number {
    const traits = (field.traits ??= traitsOf(field.name));
    if (field.staticIndex < 0) {
      const index = staticFieldIndex(traits.staticIndex, field.name, field.value);
      field.staticIndex = field.sensitive ? 0 : index;
      if (field.staticIndex > 0) return this.writeField(field, target, offset, repeats);
    }
    const pattern = representationOf(field, traits, this.table.maxBytes);
    if (pattern !== withIndexing) {
      return this.writeLiteral(pattern, 0x0f, field, traits, target, offset);
    }
    const insertion = this.index.findField(field.name, field.value);
    if (insertion > 0) {
      this.mark(field, insertion);
      return this.writeIndex(insertion, target, offset);
    }
    if (!repeats && traits.indexing !== Indexing.AT_ONCE && !this.seen(field)) {
      return this.writeLiteral(withoutIndexing, 0x0f, field, traits, target, offset);
    }
    offset = this.writeLiteral(withIndexing, 0x3f, field, traits, target, offset);
    this.insert(field);
    return offset;
  }

  private seen(field: HeaderField): boolean {
    return (this.recent ??= new RecentFields()).seen(field);
  }

  private writeLiteral(
    pattern: number,
    prefixMax: number,
    field: HeaderField,
    traits: NameTraits,
    target: Buffer,
    offset: number,
  ): number {
    const nameIndex = this.nameIndexOf(field, traits);
    offset = writeInteger(target, offset, pattern, prefixMax, nameIndex);
    if (nameIndex === 0) {
      const literal = traits.literal;
      copyOctets(literal, 0, target, offset, literal.length);
      offset += literal.length;
    }
    return traits.indexing === Indexing.UNWORTHY
      ? writePlain(target, offset, field.value)
      : writeString(target, offset, field.value);
  }

  /** Index of an entry with the field's name, 0 for none. */
  private nameIndexOf(field: HeaderField, traits: NameTraits): number {
    if (traits.staticIndex > 0 || traits.indexing > Indexing.WHEN_REPEATED)
      return traits.staticIndex;
    const insertion = this.index.findName(field.name);
    return insertion === 0 ? 0 : this.indexOf(insertion);
  }

  private insert(field: HeaderField): void {
    this.evictTo(this.table.maxBytes - field.size);
    this.table.append(field);
    this.index.add(field, this.table.inserted);
    this.mark(field, this.table.inserted);
  }

  private mark(field: HeaderField, insertion: number): void {
    field.encoderId = this.id;
    field.insertion = insertion;
  }

  private evictTo(bytes: number): void {
    while (this.table.bytes > bytes) this.index.remove(this.table.dropOldest());
  }

  private writeSizeUpdates(target: Buffer, offset: number): number {
    const size = this.table.maxBytes;
    if (this.smallestDue < size) {
      offset = writeInteger(target, offset, sizeUpdate, 0x1f, this.smallestDue);
    }
    this.smallestDue = noUpdateDue;
    return writeInteger(target, offset, sizeUpdate, 0x1f, size);
  }
}

/** The pattern of a field that is in no table; `withIndexing` when it may get into one. */
function representationOf(field: HeaderField, traits: NameTraits, maxTableBytes: number): number {
  if (field.sensitive || traits.indexing === Indexing.SECRET) return neverIndexed;
  if (traits.indexing === Indexing.COOKIE && field.value.length < guessableCookieLength) {
    return neverIndexed;
  }
  if (traits.indexing >= Indexing.UNWORTHY) return withoutIndexing;
  // One large field would push out a good part of what repeats.
  return field.size * 4 > maxTableBytes ? withoutIndexing : withIndexing;
}
