import { BlockCache } from "./block-cache.ts";
import { BlockReader } from "./block-reader.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { HeaderField } from "./field.ts";
import { HeaderList } from "./header-list.ts";
import { HpackBombError, HpackError } from "./hpack-error.ts";
import { octetAt } from "./octets.ts";
import { staticTable, staticTableLength } from "./static-table.ts";
import { tableBlock } from "./table-block.ts";

export { HeaderList } from "./header-list.ts";

/** Limits of a decoder. */
export interface DecoderLimits {
  /** SETTINGS_HEADER_TABLE_SIZE in force at the start; 4096 unless both ends know of another. Octets. */
  maxTableBytes: number;
  /** Longest list that is returned whole, by the sizes of RFC 7541 §4.1. Usually 16384. Octets. */
  maxListBytes: number;
}

/** All decoders share one: decoding a block is synchronous and never nested. */
const reader = new BlockReader(Buffer.alloc(0));
const noUpdateDue = -1;
/** A list may exceed its limit by this many times it before the peer is taken for an attacker. */
const BOMB_FACTOR = 4;

/** Decodes the header blocks of one direction of a connection (RFC 7541). */
export class HpackDecoder {
  private readonly table: DynamicTable;
  private readonly maxListBytes: number;
  private cache: BlockCache | null = null;
  /** Our SETTINGS_HEADER_TABLE_SIZE: the peer's size updates may not go beyond it. */
  private maxTableBytes: number;
  /** The next block must begin with a size update of at most this, or {@link noUpdateDue}. */
  private updateDue = noUpdateDue;

  constructor(limits: DecoderLimits) {
    this.table = new DynamicTable(limits.maxTableBytes);
    this.maxTableBytes = limits.maxTableBytes;
    this.maxListBytes = limits.maxListBytes;
  }

  /**
   * Sets our SETTINGS_HEADER_TABLE_SIZE; call it when the peer acknowledged the setting. When the table may
   * be larger than that now, the peer's next block must begin with a size update (RFC 7541 §4.2).
   */
  setMaxTableBytes(n: number): void {
    this.maxTableBytes = n;
    const inUse = this.updateDue === noUpdateDue ? this.table.maxBytes : this.updateDue;
    if (n < inUse) this.updateDue = n;
  }

  /** A header block that gives a fresh decoder the same dynamic table. */
  tableBlock(): Buffer {
    return tableBlock(this.table);
  }

  /**
   * Decodes `source[start, end)`, a whole header block. Nothing of `source` is kept.
   *
   * @throws HpackError when the block is malformed; the decoder must not be used again
   */
  decode(source: Buffer, start: number, end: number): HeaderList {
    if (this.updateDue !== noUpdateDue) return this.decodeUncached(source, start, end);
    const generation = this.table.generation;
    const cache = (this.cache ??= new BlockCache());
    const known = cache.find(source, start, end, generation);
    if (known !== null) return known;
    const list = this.decodeUncached(source, start, end);
    if (this.table.generation === generation) cache.keep(source, start, end, list);
    return list;
  }

  private decodeUncached(source: Buffer, start: number, end: number): HeaderList {
    reader.reset(source, start, end);
    this.readSizeUpdates(source, end);
    const fields: HeaderField[] = [];
    let room = this.maxListBytes;
    while (reader.position < end) {
      const octet = octetAt(source, reader.position++);
      const field = octet >= 0x80 ? this.indexedField(octet) : this.literalField(octet);
      // A field that does not fit leaves less than no room, so that nothing behind it is kept either.
      room -= field.size;
      if (room >= 0) fields.push(field);
      else if (room < -BOMB_FACTOR * this.maxListBytes) throw bomb(this.maxListBytes);
    }
    // The copy has no spare room; cached lists live as long as their connection.
    return new HeaderList(fields.slice(), room < 0);
  }

  private readSizeUpdates(source: Buffer, end: number): void {
    while (reader.position < end) {
      const octet = octetAt(source, reader.position);
      if ((octet & 0xe0) !== 0x20) break;
      reader.position++;
      this.resize(reader.integer(octet & 0x1f, 0x1f));
    }
    if (this.updateDue !== noUpdateDue) {
      throw new HpackError("Cannot decode a header block: the due table size update is missing");
    }
  }

  private resize(bytes: number): void {
    if (bytes > this.maxTableBytes) {
      throw new HpackError(
        `Cannot set the header table to ${bytes} octets: the limit is ${this.maxTableBytes}`,
      );
    }
    if (bytes <= this.updateDue) this.updateDue = noUpdateDue;
    const table = this.table;
    table.maxBytes = bytes;
    while (table.bytes > bytes) table.dropOldest();
    table.generation++; // also when nothing was dropped: a block with an update must not be cached
  }

  private indexedField(octet: number): HeaderField {
    return this.fieldAt(reader.integer(octet & 0x7f, 0x7f));
  }

  private literalField(octet: number): HeaderField {
    if (octet >= 0x40) {
      const field = this.readLiteral(reader.integer(octet & 0x3f, 0x3f), false);
      this.insert(field);
      return field;
    }
    if (octet >= 0x20) {
      throw new HpackError("Cannot decode a header block: a table size update follows a field");
    }
    return this.readLiteral(reader.integer(octet & 0x0f, 0x0f), octet >= 0x10);
  }

  private readLiteral(nameIndex: number, sensitive: boolean): HeaderField {
    const name = nameIndex === 0 ? reader.string() : this.fieldAt(nameIndex).name;
    return new HeaderField(name, reader.string(), sensitive);
  }

  private fieldAt(index: number): HeaderField {
    const field =
      index <= staticTableLength
        ? staticTable[index]
        : this.table.at(index - staticTableLength - 1);
    if (field === undefined || index === 0) {
      throw new HpackError(
        `Cannot decode a header block: index ${index} is beyond the ${this.table.length} entries`,
      );
    }
    return field;
  }

  /** RFC 7541 §4.4: a field larger than the table empties it. */
  private insert(field: HeaderField): void {
    const table = this.table;
    const room = table.maxBytes - field.size;
    while (table.bytes > room && table.length > 0) table.dropOldest();
    if (room >= 0) table.append(field);
  }
}

function bomb(limit: number): HpackBombError {
  return new HpackBombError(`Header list is more than ${BOMB_FACTOR} times the limit of ${limit}`);
}
