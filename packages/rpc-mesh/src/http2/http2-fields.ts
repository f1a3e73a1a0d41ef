import { HeaderField, type Head } from "@layotto/grpc-transport";
import type { HeaderChanges } from "../model/route.ts";

const noFields: readonly HeaderField[] = [];

/** The request headers for the host: the caller's own list whenever nothing has to change. */
export function requestFields(
  head: Head,
  path: string,
  authority: string,
  changes: readonly HeaderChanges[],
  fields: readonly HeaderField[] = head.list.fields,
): readonly HeaderField[] {
  if (path === head.path && authority === head.authority && changes.length === 0) return fields;
  const moved = fields.map((field) => {
    if (field.name === ":path")
      return path === field.value ? field : new HeaderField(":path", path);
    if (field.name !== ":authority" || authority === field.value) return field;
    return new HeaderField(":authority", authority);
  });
  return changed(moved, changes, "request");
}

/** Fields of a list: name, value, name, value …. */
export function fieldsOf(lines: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    fields.push(new HeaderField(lines[i] ?? "", lines[i + 1] ?? ""));
  }
  return fields;
}

/** The response headers for the caller. */
export function responseFields(
  fields: readonly HeaderField[],
  changes: readonly HeaderChanges[],
): readonly HeaderField[] {
  return changes.length === 0 ? fields : changed(fields, changes, "response");
}

function changed(
  fields: readonly HeaderField[],
  changes: readonly HeaderChanges[],
  side: "request" | "response",
): readonly HeaderField[] {
  const removed = new Set<string>();
  let added = noFields;
  for (const change of changes) {
    const [add, remove] =
      side === "request"
        ? [change.requestAdd, change.requestRemove]
        : [change.responseAdd, change.responseRemove];
    for (const name of remove) removed.add(name.toLowerCase());
    added = [...added, ...add.map(([name, value]) => new HeaderField(name.toLowerCase(), value))];
  }
  const kept = removed.size === 0 ? fields : fields.filter(({ name }) => !removed.has(name));
  return added.length === 0 ? kept : [...kept, ...added];
}
