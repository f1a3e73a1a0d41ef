import { listedFields } from "./connection-options.ts";
import { Option, type Head } from "./head.ts";
import { Field } from "./known-fields.ts";
import type { Target } from "./target.ts";

/** Fields that end at this hop (RFC 9110 §7.6.1) and that are written anew for the next. */
export const HOP_FIELDS =
  Field.CONNECTION |
  Field.KEEP_ALIVE |
  Field.PROXY_CONNECTION |
  Field.TE |
  Field.TRANSFER_ENCODING |
  Field.UPGRADE |
  Field.HTTP2_SETTINGS;

/** What no list of names may take away: the framing and the target. */
const KEPT_FIELDS = Field.HOST | Field.CONTENT_LENGTH | Field.TRANSFER_ENCODING | Field.FORWARDED_FOR | Field.FORWARDED_PROTO; // prettier-ignore

/** Names to leave out: those that Connection lists, and those that configuration removes. */
export function namesToDrop(
  head: Head,
  removed: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if ((head.connection & Option.NAMES) === 0) return removed;
  const listed = listedFields(head);
  return removed === undefined ? listed : new Set([...listed, ...removed]);
}

/**
 * Copies header lines as they are, in as few pieces as they lie together.
 *
 * @param drop known fields to leave out, as bits
 * @param names further names to leave out, in lower case
 */
export function appendFields(
  target: Target,
  head: Head,
  drop: number,
  names: ReadonlySet<string> | undefined,
): void {
  const { buffer, count } = head;
  target.reserve(head.bytes);
  const all = (head.seen & drop) === 0 && names === undefined;
  let from = count > 0 ? head.lineStart(0) : 0;
  for (let i = 0; !all && i < count; i++) {
    if (!isDropped(head, i, drop, names)) continue;
    copy(target, buffer, from, head.lineStart(i));
    from = head.lineEnd(i);
  }
  if (count > 0) copy(target, buffer, from, head.lineEnd(count - 1));
}

function isDropped(
  head: Head,
  index: number,
  drop: number,
  names: ReadonlySet<string> | undefined,
): boolean {
  const field = head.fields[index] ?? Field.OTHER;
  if ((field & drop) !== 0) return true;
  if (names === undefined || (field & KEPT_FIELDS) !== 0) return false;
  return names.has(head.name(index).toLowerCase());
}

function copy(target: Target, buffer: Buffer, start: number, end: number): void {
  if (end <= start) return;
  target.position += buffer.copy(target.buffer, target.position, start, end);
}
