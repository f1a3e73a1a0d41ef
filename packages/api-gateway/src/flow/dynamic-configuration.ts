import { BinaryReader } from "@bufbuild/protobuf/wire";

/**
 * What `Lifecycle/ApplyConfiguration` changes. The gateway knows no runtime message; of this one, which it answers for
 * a kind of its own, it reads the fields that it needs.
 */
export interface ComponentChange {
  readonly kind: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** `:path` of the method. */
export const applyConfigurationPath = "/spec.proto.runtime.v1.Lifecycle/ApplyConfiguration";

/** Way to the kind in `DynamicConfiguration`: `component_config.kind`. */
export const kindPath = [1, 1] as const;

/**
 * Reads a `DynamicConfiguration`: `component_config` = 1 with `kind` = 1, `name` = 2, `metadata` = 3.
 *
 * @throws RangeError and others when the bytes are no such message
 */
export function readChange(message: Uint8Array): ComponentChange {
  const change = { kind: "", name: "", metadata: {} as Record<string, string> };
  eachField(message, (field, reader) => {
    if (field === 1) readConfig(reader.bytes(), change);
    return field === 1;
  });
  return change;
}

function readConfig(
  bytes: Uint8Array,
  change: { kind: string; name: string; metadata: Record<string, string> },
): void {
  eachField(bytes, (field, reader) => {
    if (field === 1) change.kind = reader.string();
    else if (field === 2) change.name = reader.string();
    else if (field === 3) Object.assign(change.metadata, Object.fromEntries([readEntry(reader.bytes())]));
    return field >= 1 && field <= 3;
  }); // prettier-ignore
}

function readEntry(bytes: Uint8Array): [key: string, value: string] {
  const entry: [string, string] = ["", ""];
  eachField(bytes, (field, reader) => {
    if (field === 1) entry[0] = reader.string();
    else if (field === 2) entry[1] = reader.string();
    return field === 1 || field === 2;
  });
  return entry;
}

/** Calls `read` for each field of wire type 2; what it does not take is skipped. */
function eachField(
  bytes: Uint8Array,
  read: (field: number, reader: BinaryReader) => boolean,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type !== 2 || !read(field, reader)) reader.skip(type, field);
  }
}
