import type { z } from "zod";
import { registerSecret } from "../secrets.ts";
import type { ConfigFault } from "./fault.ts";
import { isRecord } from "./record.ts";
import { without } from "./validate.ts";
import { article, kindOf, notOneOf, tooShort, unknownKey } from "./words.ts";

/** What {@link checkZod} finds. */
export interface CheckedValue<T> {
  /** The parsed value; meaningless when there are faults. */
  readonly value: T;
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[];
}

type Issue = z.core.$ZodIssue;

/**
 * Parses a value with a zod schema and words its complaints as {@link checkSchema} does. Imports no zod itself, so that
 * a process without component metadata need not load it.
 *
 * @param path of the value in the file
 * @param lenient whether unknown keys are left out with a warning instead of being faults
 */
export function checkZod<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: readonly PropertyKey[],
  lenient = false,
): CheckedValue<T> {
  const warnings: ConfigFault[] = [];
  registerSecrets(schema, value);
  let input = value;
  let parsed = schema.safeParse(input, { error: wording });
  while (!parsed.success && lenient) {
    const unknown = parsed.error.issues.filter((issue) => issue.code === "unrecognized_keys");
    if (unknown.length === 0) break;
    for (const fault of faultsOf(unknown, schema, [])) {
      warnings.push({ path: [...path, ...fault.path], message: `${fault.message}, ignored` });
      input = without(input, fault.path);
    }
    parsed = schema.safeParse(input, { error: wording });
  }
  if (parsed.success) return { value: parsed.data, faults: [], warnings };
  const faults = faultsOf(parsed.error.issues, schema, path);
  // There is no value; whoever looks at it in spite of the faults gets the input.
  return { value: input as T, faults, warnings };
}

/** Turns issues into faults below `base`; each unknown key becomes a fault of its own. */
function faultsOf(
  issues: readonly Issue[],
  schema: z.ZodType,
  base: readonly PropertyKey[],
): ConfigFault[] {
  return issues.flatMap((issue): ConfigFault[] => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
    }
    if (issue.code === "invalid_union") return unionFaults(issue, schema, base, path);
    return [{ path, message: issue.message }];
  });
}

/** Of a union the alternative that got furthest says most about what was meant, unless the schema has a text of its own. */
function unionFaults(
  issue: Extract<Issue, { code: "invalid_union" }>,
  schema: z.ZodType,
  base: readonly PropertyKey[],
  path: readonly PropertyKey[],
): ConfigFault[] {
  if (issue.message !== noAlternative) return [{ path, message: issue.message }];
  const depth = (issues: readonly Issue[]) =>
    Math.max(0, ...issues.map((each) => each.path.length));
  const best = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
  if (best === undefined || best.length === 0) return [{ path, message: issue.message }];
  return faultsOf(best, schema, [...base, ...issue.path]);
}

const noAlternative = "is none of the allowed forms";

/** zod's error map: our words instead of zod's. A text that the schema itself gives goes before. */
function wording(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return `must be ${article(issue.expected)}, not ${kindOf(issue.input)}`;
    case "invalid_value":
      return issue.input === undefined ? "is missing" : notOneOf(issue.values, issue.input);
    case "too_small":
      if (issue.origin === "string") return tooShort(Number(issue.minimum));
      if (issue.origin === "array") {
        return Number(issue.minimum) <= 1
          ? "must not be empty"
          : `must have at least ${issue.minimum} parts`;
      }
      return issue.inclusive === false
        ? `must be more than ${issue.minimum}`
        : `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_format":
      return issue.pattern === undefined ? undefined : `must match ${issue.pattern}`;
    case "invalid_union":
      return issue.input === undefined ? "is missing" : noAlternative;
    default:
      return undefined;
  }
}

/** The keys that the object schema at `path` has; empty when there is no telling. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = unwrap(schema);
  for (const part of path) {
    const def = defOf(at);
    const shape: unknown = Reflect.get(def, "shape");
    const next: unknown = isObject(shape)
      ? Reflect.get(shape, part)
      : (Reflect.get(def, "valueType") ?? Reflect.get(def, "element"));
    at = unwrap(next);
  }
  const shape: unknown = Reflect.get(defOf(at), "shape");
  return isObject(shape) ? Object.keys(shape) : [];
}

/** Registers the strings at fields whose metadata says `secret: true`, also when the rest turns out to be wrong. */
function registerSecrets(schema: unknown, value: unknown): void {
  if (typeof value === "string" && isSecret(schema)) registerSecret(value);
  if (!isRecord(value)) return;
  const def = defOf(unwrap(schema));
  const shape: unknown = Reflect.get(def, "shape");
  for (const [key, each] of Object.entries(value)) {
    registerSecrets(
      isObject(shape) ? Reflect.get(shape, key) : Reflect.get(def, "valueType"),
      each,
    );
  }
}

/** Whether a schema, or one that it wraps, is marked. */
function isSecret(schema: unknown): boolean {
  let at = schema;
  for (let i = 0; i < 16 && isObject(at); i += 1) {
    const meta: unknown = Reflect.get(at, "meta");
    const found: unknown = typeof meta === "function" ? Reflect.apply(meta, at, []) : undefined;
    if (isRecord(found) && found["secret"] === true) return true;
    at = Reflect.get(defOf(at), "innerType") ?? Reflect.get(defOf(at), "in");
  }
  return false;
}

/** Goes through optional, default, transform and the like to the schema inside. */
function unwrap(schema: unknown): unknown {
  let at = schema;
  for (let i = 0; i < 16; i += 1) {
    const def = defOf(at);
    const inner: unknown = Reflect.get(def, "innerType") ?? Reflect.get(def, "in");
    if (inner === undefined) return at;
    at = inner;
  }
  return at;
}

function defOf(schema: unknown): object {
  const internals: unknown = isObject(schema) ? Reflect.get(schema, "_zod") : undefined;
  const def: unknown = isObject(internals) ? Reflect.get(internals, "def") : undefined;
  return isObject(def) ? def : {};
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === "object";
}
