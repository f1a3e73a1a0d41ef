import { closestWord } from "./did-you-mean.ts";

const articles: Readonly<Record<string, string>> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "a string",
  number: "a number",
  integer: "a whole number",
  int: "a whole number",
  boolean: "true or false",
  null: "null",
  undefined: "nothing",
};

/** Returns how a report calls a type: `"a string"`, `"a map"`. */
export function article(type: string): string {
  return articles[type] ?? type;
}

/** Returns how a report calls the type of a value. */
export function kindOf(value: unknown): string {
  if (value === null) return article("null");
  return article(Array.isArray(value) ? "array" : typeof value);
}

/** Text for a value that is none of those allowed. */
export function notOneOf(allowed: readonly unknown[], value: unknown): string {
  const words = allowed.map(String);
  const near = typeof value === "string" ? closestWord(value, words) : undefined;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return words.length === 1
    ? `must be ${JSON.stringify(allowed[0])}`
    : `must be one of ${words.join(", ")}${hint}`;
}

/** Text for a key that the schema does not have. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = closestWord(key, known);
  return near === undefined ? "unknown key" : `unknown key; did you mean "${near}"?`;
}

/** Text for a string that is too short. */
export function tooShort(characters: number): string {
  return characters <= 1 ? "must not be empty" : `must have at least ${characters} characters`;
}

/** Text for a component type that nobody registered. */
export function unknownType(type: string, known: readonly string[]): string {
  const near = closestWord(type, known);
  const hint =
    near === undefined ? `known types are ${known.join(", ")}` : `did you mean "${near}"?`;
  return `unknown component type "${type}"; ${hint}`;
}
