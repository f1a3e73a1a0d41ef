import type { HeaderField } from "./field.ts";

const slotCount = 32;
const maxFieldBytes = 256;

/** Remembers which fields were sent lately, so that only what repeats gets into a table. */
export class RecentFields {
  private readonly slots: (HeaderField | null)[] = new Array<HeaderField | null>(slotCount).fill(
    null,
  );

  /** Whether a field with that name and value was seen lately; remembers it. Large ones never are. */
  seen(field: HeaderField): boolean {
    if (field.size > maxFieldBytes) return false;
    const slot = slotOf(field);
    const known = this.slots[slot];
    if (known != null && known.name === field.name && known.value === field.value) return true;
    this.slots[slot] = field;
    return false;
  }
}

/** Spreads fields by what can be read without looking at every character. */
function slotOf(field: HeaderField): number {
  const { name, value } = field;
  let hash = name.length * 7 + value.length * 31;
  if (name.length > 0) hash += name.charCodeAt(name.length - 1) * 3;
  if (value.length > 0) hash += value.charCodeAt(0) + value.charCodeAt(value.length - 1) * 5;
  return hash & (slotCount - 1);
}
