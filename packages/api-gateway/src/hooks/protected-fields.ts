import { HeaderField } from "@layotto/grpc-transport";

/** What a function may make of the headers of a call, octets with 32 for each field: what callers may send, too. */
export const maxHeaderBytes = 16_384;

/** How deep a call of functions is: what an app says of its own calls is not true of the functions around them. */
const depthName = "layotto-wasm-depth";

/** Fields of the protocols and tokens: a function sees the former and changes neither. */
const protectedNames: ReadonlySet<string> = new Set([
  depthName,
  "te", "content-type", "content-length", "user-agent", "host", "connection", "keep-alive", "proxy-connection",
  "transfer-encoding", "upgrade", "layotto-sidecar-token", "layotto-api-token", "dapr-api-token",
]); // prettier-ignore

/** Whether a function cannot change the field: what it says of it is passed over. */
export function isProtected(name: string): boolean {
  return name.startsWith(":") || name.startsWith("grpc-") || protectedNames.has(name);
}

/** Fields as name, value, name, value …, as functions see them. */
export function flatHeaders(fields: readonly HeaderField[], hidden: ReadonlySet<string>): string[] {
  const flat: string[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field === undefined || field.name === depthName) continue;
    if (hidden.size > 0 && hidden.has(field.name)) continue;
    flat.push(field.name, field.value);
  }
  return flat;
}

/**
 * The fields that a call goes on with: protected ones as they were, the others as the function wants them. A field that
 * has not changed stays the same object, which keeps encoding it cheap.
 *
 * @param changed name, value, name, value …
 * @returns what is wrong with the list when it cannot be sent
 */
export function changedFields(
  fields: readonly HeaderField[],
  changed: readonly string[],
): readonly HeaderField[] | string {
  const kept = fields.filter(({ name }) => isProtected(name));
  const added = freeFields(fields, changed);
  if (typeof added === "string") return added;
  const all = [...kept, ...added];
  const bytes = all.reduce((sum, field) => sum + field.size, 0);
  return bytes > maxHeaderBytes ? `headers of ${bytes} bytes, more than ${maxHeaderBytes}` : all;
}

/** The fields of a list that are not protected; or what is wrong with it. */
export function freeFields(
  known: readonly HeaderField[],
  flat: readonly string[],
): HeaderField[] | string {
  const fields: HeaderField[] = [];
  if (flat.length % 2 !== 0) return "a header without value";
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] ?? "";
    const value = flat[i + 1] ?? "";
    if (isProtected(name)) continue;
    const same = known.find((field) => field.name === name && field.value === value);
    // What gRPC allows in metadata.
    if (same === undefined && !/^[0-9a-z_.-]+$/.test(name)) return `header name "${name}"`;
    if (same === undefined && !isValue(value)) return `the value of header "${name}"`;
    fields.push(same ?? new HeaderField(name, value));
  }
  return fields;
}

function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
