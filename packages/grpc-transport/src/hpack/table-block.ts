import type { DynamicTable } from "./dynamic-table.ts";
import { maxIntegerOctets, writeInteger } from "./integer.ts";
import { maxStringOctets, writePlain } from "./string-literal.ts";

/** Literal with incremental indexing and a new name (RFC 7541 §6.2.1). */
const indexedLiteral = 0x40;

/** A header block after which a fresh decoder has the same dynamic table. */
export function tableBlock(table: DynamicTable): Buffer {
  const block = Buffer.alloc(
    maxIntegerOctets + table.bytes + table.length * 2 * maxStringOctets(1),
  );
  let offset = writeInteger(block, 0, 0x20, 0x1f, table.maxBytes);
  for (let position = table.length - 1; position >= 0; position--) {
    const field = table.at(position);
    if (field === undefined) continue;
    block[offset] = indexedLiteral;
    offset = writePlain(block, offset + 1, field.name);
    offset = writePlain(block, offset, field.value);
  }
  return block.subarray(0, offset);
}
