import type { JsonSchema } from "./json-schema.ts";
import { isRecord } from "./record.ts";
import { meaningOf } from "./text-values.ts";

/**
 * Returns what a value means by its schema: defaults filled in, text like `"10"` or `"2s"` turned into what it says, at
 * every depth. What was given is shared and not changed. For values that {@link checkSchema} has found right.
 */
export function readValue(schema: JsonSchema, value: unknown): unknown {
  // A default is what is meant already.
  const given = value === undefined ? structuredClone(schema.default) : meaningOf(schema, value);
  if (Array.isArray(given)) return filledList(schema, given);
  return isRecord(given) ? filledMap(schema, given) : given;
}

function filledList({ items }: JsonSchema, list: unknown[]): unknown[] {
  return items === undefined ? list : list.map((each) => readValue(items, each));
}

function filledMap(
  { properties = {}, additionalProperties }: JsonSchema,
  map: Record<string, unknown>,
): Record<string, unknown> {
  const filled: Record<string, unknown> = { ...map };
  for (const [key, schema] of Object.entries(properties)) {
    const value = readValue(schema, map[key]);
    if (value !== undefined) filled[key] = value;
  }
  if (!isRecord(additionalProperties)) return filled;
  for (const [key, value] of Object.entries(map)) {
    if (!Object.hasOwn(properties, key)) filled[key] = readValue(additionalProperties, value);
  }
  return filled;
}
