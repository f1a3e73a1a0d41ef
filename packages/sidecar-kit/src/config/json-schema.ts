import { registerSecret } from "../secrets.ts";
import type { ConfigFault } from "./fault.ts";
import { isRecord } from "./record.ts";
import { type ValueForm, meaningOf } from "./text-values.ts";
import { article, kindOf, notOneOf, tooShort, unknownKey, unknownType } from "./words.ts";

/**
 * The part of JSON Schema (2020-12) that configuration schemas use, plus keywords of ours: `secret` (the value is
 * never printed), `x-message` (what to say when nothing fits), `x-components` (metadata schema by component type) and
 * those of {@link ValueForm} (what text means).
 *
 * Keywords that are not listed are ignored: the sidecar itself checks its sections with its own schema when it starts.
 */
export interface JsonSchema extends ValueForm {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly propertyNames?: JsonSchema;
  readonly description?: string;
  readonly default?: unknown;
  readonly secret?: boolean;
  readonly "x-message"?: string;
  readonly "x-components"?: Readonly<Record<string, JsonSchema>>;
}

/** A fault found by {@link checkSchema}; unknown keys are told apart because one of the file shapes only warns. */
export interface SchemaFault extends ConfigFault {
  readonly kind: "unknown-key" | "invalid";
}

/** Compares a value with a schema. Returns every fault with its path below `path`. */
export function checkSchema(
  schema: JsonSchema,
  value: unknown,
  path: readonly PropertyKey[] = [],
): SchemaFault[] {
  const invalid = (message: string): SchemaFault[] => [{ kind: "invalid", path, message }];
  if (schema.not !== undefined && checkSchema(schema.not, value).length === 0) {
    return invalid(schema["x-message"] ?? "must not be given");
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return checkAlternatives(schema, alternatives, value, path);
  if (schema.secret === true && typeof value === "string") registerSecret(value);
  if (schema.const !== undefined && value !== schema.const)
    return invalid(`must be ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return invalid(notOneOf(schema.enum, value));
  if (schema.type !== undefined && !hasType(value, schema.type)) {
    return invalid(schema["x-message"] ?? `must be ${typeText(schema.type)}, not ${kindOf(value)}`);
  }
  const bound = boundFault(schema, value);
  if (bound !== undefined) return invalid(schema["x-message"] ?? bound);
  return [
    ...(schema.allOf ?? []).flatMap((each) => checkSchema(each, value, path)),
    ...(Array.isArray(value) ? checkItems(schema, value, path) : []),
    ...(isRecord(value) ? checkProperties(schema, value, path) : []),
  ];
}

function checkItems(
  schema: JsonSchema,
  value: unknown[],
  path: readonly PropertyKey[],
): SchemaFault[] {
  const { items } = schema;
  return items === undefined
    ? []
    : value.flatMap((each, i) => checkSchema(items, each, [...path, i]));
}

function checkProperties(
  schema: JsonSchema,
  value: Record<string, unknown>,
  path: readonly PropertyKey[],
): SchemaFault[] {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const faults: SchemaFault[] = [];
  for (const key of required) {
    if (value[key] === undefined)
      faults.push({ kind: "invalid", path: [...path, key], message: "is missing" });
  }
  for (const [key, each] of Object.entries(value)) {
    const at = [...path, key];
    const nameFault = propertyNames && keyFault(propertyNames, key, at);
    if (nameFault !== undefined) {
      faults.push(nameFault);
      continue;
    }
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known !== undefined)
      faults.push(...(each === undefined ? [] : checkSchema(known, each, at)));
    else if (isRecord(additionalProperties))
      faults.push(...checkSchema(additionalProperties, each, at));
    else if (additionalProperties === false) {
      faults.push({
        kind: "unknown-key",
        path: at,
        message: unknownKey(key, Object.keys(properties)),
      });
    }
  }
  const components = schema["x-components"];
  return components === undefined
    ? faults
    : [...faults, ...checkComponent(components, value, path)];
}

/** What is wrong with a key of a map; a key that is none of a list is an unknown one. */
function keyFault(
  names: JsonSchema,
  key: string,
  path: readonly PropertyKey[],
): SchemaFault | undefined {
  const { enum: known } = names;
  if (known !== undefined && !known.includes(key)) {
    return { kind: "unknown-key", path, message: unknownKey(key, known.map(String)) };
  }
  const [fault] = checkSchema({ ...names, "x-message": "must not be an empty name" }, key, path);
  return fault;
}

/** An entry `{ type, metadata }`: the type says which schema the metadata has. */
function checkComponent(
  components: Readonly<Record<string, JsonSchema>>,
  entry: Record<string, unknown>,
  path: readonly PropertyKey[],
): SchemaFault[] {
  const { type, metadata = {} } = entry;
  if (typeof type !== "string") return [];
  const schema = Object.hasOwn(components, type) ? components[type] : undefined;
  if (schema !== undefined) return checkSchema(schema, metadata, [...path, "metadata"]);
  return [
    {
      kind: "invalid",
      path: [...path, "type"],
      message: unknownType(type, Object.keys(components)),
    },
  ];
}

function checkAlternatives(
  schema: JsonSchema,
  alternatives: readonly JsonSchema[],
  value: unknown,
  path: readonly PropertyKey[],
): SchemaFault[] {
  const results = alternatives.map((each) => checkSchema(each, value, path));
  if (results.some((faults) => faults.length === 0)) return checkMeaning(schema, value, path);
  if (schema["x-message"] !== undefined)
    return [{ kind: "invalid", path, message: schema["x-message"] }];
  // The alternative that got furthest says most about what was meant.
  const deepest = (faults: SchemaFault[]) => Math.max(...faults.map((fault) => fault.path.length));
  const sorted = results.toSorted((a, b) => deepest(b) - deepest(a) || a.length - b.length);
  return sorted[0] ?? [];
}

/** Text of a fitting form may still mean a value that does not fit, e.g. `"99"` where 10 is the most. */
function checkMeaning(
  schema: JsonSchema,
  value: unknown,
  path: readonly PropertyKey[],
): SchemaFault[] {
  if (schema["x-parse"] === undefined || typeof value !== "string") return [];
  const { "x-parse": _, ...plain } = schema;
  return checkSchema(plain, meaningOf(schema, value), path);
}

function boundFault(schema: JsonSchema, value: unknown): string | undefined {
  if (typeof value === "string") {
    const { minLength = 0 } = schema;
    if (value.length < minLength) return tooShort(minLength);
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
      return `must match ${schema.pattern}`;
    }
  }
  if (typeof value === "number") {
    if (value < (schema.minimum ?? -Infinity)) return `must be at least ${schema.minimum}`;
    if (value <= (schema.exclusiveMinimum ?? -Infinity))
      return `must be more than ${schema.exclusiveMinimum}`;
    if (value > (schema.maximum ?? Infinity)) return `must be at most ${schema.maximum}`;
  }
  if (Array.isArray(value) && value.length < (schema.minItems ?? 0)) return "must not be empty";
  return undefined;
}

function hasType(value: unknown, type: string | readonly string[]): boolean {
  if (typeof type !== "string") return type.some((each) => hasType(value, each));
  if (type === "integer") return Number.isSafeInteger(value);
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  return kindOf(value) === article(type);
}

function typeText(type: string | readonly string[]): string {
  return typeof type === "string" ? article(type) : type.map(article).join(" or ");
}
