// What text in a configuration means: used by the schemas of fields.ts and by processes that read with a published one.

/** Keywords of a published schema that say what a value means; see {@link meaningOf}. */
export interface ValueForm {
  readonly "x-parse"?: "integer" | "boolean" | "duration" | "list";
  /** Of a duration without unit; default `"s"`. */
  readonly "x-unit"?: DurationUnit;
  /** Of a list that is written as one string; default `","`. */
  readonly "x-separator"?: string;
}

const unitMs = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Units in which a number without unit can be meant. */
export type DurationUnit = "ms" | "s" | "m" | "h";

const truths = new Set(["true", "t", "1", "yes", "y", "on"]);

/** Returns what a value means; one whose schema has no such keyword means itself. */
export function meaningOf(form: ValueForm, value: unknown): unknown {
  switch (form["x-parse"]) {
    case "integer":
      return Number(value);
    case "boolean":
      return typeof value === "string" ? truths.has(value.trim().toLowerCase()) : value;
    case "duration":
      return durationMs(value, form["x-unit"] ?? "s");
    case "list":
      return listOf(value, form["x-separator"] ?? ",");
    default:
      return value;
  }
}

/** Milliseconds of `"1m30s"`, or of a number of `unit`. */
function durationMs(value: unknown, unit: DurationUnit): number {
  const text = String(value);
  if (typeof value === "number" || /^\s*[\d.]+\s*$/.test(text)) return Number(value) * unitMs[unit];
  let total = 0;
  for (const [, amount, word] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * unitMs[word as keyof typeof unitMs]; // the expression admits no other unit
  }
  return total;
}

function listOf(value: unknown, separator: string): string[] {
  const parts: unknown[] = Array.isArray(value) ? value : String(value).split(separator);
  return parts.map((part) => String(part).trim()).filter((part) => part !== "");
}
