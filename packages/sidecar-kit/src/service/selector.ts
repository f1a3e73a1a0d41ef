import type { DescMessage } from "@bufbuild/protobuf";

/** Which calls of a shared method a sidecar serves: told apart by a string field of the first message. */
export interface SelectorSpec {
  /** Proto field name, dotted for nested messages, e.g. `"store_name"` or `"component_config.kind"`. */
  field: string;
  /** Values served; asked whenever the sidecar describes itself. */
  values: () => readonly string[];
}

/** A {@link SelectorSpec} bound to a message type. */
export interface Selector {
  readonly fieldName: string;
  /** Field numbers from the request message down to the field. */
  readonly fieldPath: readonly number[];
  readonly values: () => readonly string[];
}

/** Finds the field in the request type. Returns undefined when the type does not have it as a string. */
export function resolveSelector(input: DescMessage, spec: SelectorSpec): Selector | undefined {
  const fieldPath: number[] = [];
  let message: DescMessage | undefined = input;
  let isString = false;
  for (const part of spec.field.split(".")) {
    const field: DescMessage["fields"][number] | undefined = message?.fields.find(
      (f) => f.name === part,
    );
    if (field === undefined) return undefined;
    fieldPath.push(field.number);
    isString = field.fieldKind === "scalar" && field.scalar === 9;
    message = field.fieldKind === "message" ? field.message : undefined;
  }
  return isString ? { fieldName: spec.field, fieldPath, values: spec.values } : undefined;
}
