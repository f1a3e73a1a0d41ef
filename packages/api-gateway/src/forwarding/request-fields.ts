import { formatTimeout, HeaderField } from "@layotto/grpc-transport";

/** What must change in the request headers of a call before a sidecar gets them. */
export interface RequestChanges {
  /** Names that are not passed on. */
  readonly stripped: ReadonlySet<string>;
  /** Fields that the sidecar wants with every call, e.g. its token. */
  readonly added: readonly HeaderField[];
  /** What is left of the caller's deadline, ms; undefined when the field may stay as it is. */
  readonly leftMs?: number | undefined;
}

/** The request headers for the sidecar: the caller's own list whenever nothing has to change. */
export function requestFields(
  fields: readonly HeaderField[],
  { stripped, added, leftMs }: RequestChanges,
): readonly HeaderField[] {
  if (stripped.size === 0 && added.length === 0 && leftMs === undefined) return fields;
  const kept = fields.filter(({ name }) => {
    if (name === "grpc-timeout" && leftMs !== undefined) return false;
    return !stripped.has(name);
  });
  if (leftMs !== undefined) kept.push(new HeaderField("grpc-timeout", formatTimeout(leftMs)));
  kept.push(...added);
  return kept;
}
