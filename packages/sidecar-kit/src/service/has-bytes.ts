import type { DescField, DescMessage } from "@bufbuild/protobuf";

const bytesScalar = 12;

/**
 * Whether a `bytes` field can occur anywhere in a message of this type. A decoder may return views for such fields, so
 * only then the request has to be copied out of the receive buffer.
 */
export function hasBytes(desc: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(desc)) return false;
  seen.add(desc);
  return desc.fields.some((field) => fieldHasBytes(field, seen));
}

function fieldHasBytes(field: DescField, seen: Set<DescMessage>): boolean {
  if (field.fieldKind === "scalar") return field.scalar === bytesScalar;
  if (field.fieldKind === "list" && field.listKind === "scalar")
    return field.scalar === bytesScalar;
  if (field.fieldKind === "map" && field.mapKind === "scalar") return field.scalar === bytesScalar;
  return field.message !== undefined && hasBytes(field.message, seen);
}
