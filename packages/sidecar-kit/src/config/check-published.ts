import type { CheckedValue } from "./check-zod.ts";
import type { ConfigFault } from "./fault.ts";
import { type JsonSchema, checkSchema } from "./json-schema.ts";
import { readValue } from "./read-value.ts";
import { without } from "./validate.ts";

/**
 * Checks a value with a published schema and reads it: what a process does that loads no schema library.
 *
 * @param path of the value in the file
 * @param lenient whether unknown keys are left out with a warning instead of being faults
 */
export function checkPublished(
  schema: JsonSchema,
  value: unknown,
  path: readonly PropertyKey[],
  lenient = false,
): CheckedValue<unknown> {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  let known = value;
  for (const fault of checkSchema(schema, value)) {
    const at = [...path, ...fault.path];
    if (lenient && fault.kind === "unknown-key") {
      warnings.push({ path: at, message: `${fault.message}, ignored` });
      known = without(known, fault.path);
    } else faults.push({ path: at, message: fault.message });
  }
  return { value: faults.length > 0 ? known : readValue(schema, known), faults, warnings };
}
