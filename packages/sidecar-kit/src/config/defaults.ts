import type { JsonSchema } from "./json-schema.ts";
import { isRecord } from "./record.ts";

/**
 * Returns a value with the defaults of its schema filled in, at every depth; what was given is shared and not changed.
 * For values that {@link checkSchema} has found right.
 */
export function fillDefaults(schema: JsonSchema, value: unknown): unknown {
  const given = value === undefined ? structuredClone(schema.default) : value;
  if (Array.isArray(given)) return filledList(schema, given);
  return isRecord(given) ? filledMap(schema, given) : given;
}

function filledList({ items }: JsonSchema, list: unknown[]): unknown[] {
  return items === undefined ? list : list.map((each) => fillDefaults(items, each));
}

function filledMap(
  { properties = {}, additionalProperties }: JsonSchema,
  map: Record<string, unknown>,
): Record<string, unknown> {
  const filled: Record<string, unknown> = { ...map };
  for (const [key, schema] of Object.entries(properties)) {
    const value = fillDefaults(schema, map[key]);
    if (value !== undefined) filled[key] = value;
  }
  if (!isRecord(additionalProperties)) return filled;
  for (const [key, value] of Object.entries(map)) {
    if (!Object.hasOwn(properties, key)) filled[key] = fillDefaults(additionalProperties, value);
  }
  return filled;
}
