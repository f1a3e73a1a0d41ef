import { z } from "zod";
import { registerSecret } from "../secrets.ts";
import { durationText } from "./duration.ts";
import { type DurationUnit, type ValueForm, meaningOf } from "./text-values.ts";

/**
 * A string that must never be printed: it is blanked out of logs and reports wherever it turns up.
 *
 * @param limits fewest characters; default 0
 */
export function secret({ minLength = 0 }: { minLength?: number } = {}) {
  const text = minLength > 0 ? z.string().min(minLength) : z.string();
  // No transform: with one, a JSON Schema cannot tell the defaults of what is around it.
  return text.meta({ secret: true, writeOnly: true }).refine((value) => {
    registerSecret(value);
    return true;
  });
}

const wholeForm = { "x-parse": "integer" } satisfies ValueForm;
const booleanForm = { "x-parse": "boolean" } satisfies ValueForm;

const wholeNumber = 'must be a whole number, e.g. 10 or "10"';

/** Limits of {@link stringInt}. */
export interface IntLimits {
  min?: number;
  max?: number;
}

/** A whole number that may be written as a string, as Layotto's metadata is: `10` or `"10"`. */
export function stringInt({
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
}: IntLimits = {}) {
  const limits = { minimum: min, maximum: max };
  const text = `${wholeNumber}${rangeText(min, max)}`;
  return z
    .union(
      [
        z.number().meta({ type: "integer", ...limits }),
        z.string().regex(/^\s*[+-]?\d+\s*$/, { error: text }),
      ],
      { error: text },
    )
    .meta({ "x-message": text, ...wholeForm })
    .transform((value) => meaningOf(wholeForm, value) as number)
    .refine((value) => Number.isSafeInteger(value) && value >= min && value <= max, {
      error: text,
    });
}

function rangeText(min: number, max: number): string {
  const low = min > Number.MIN_SAFE_INTEGER;
  const high = max < Number.MAX_SAFE_INTEGER;
  if (low && high) return `, from ${min} to ${max}`;
  if (low) return `, at least ${min}`;
  return high ? `, at most ${max}` : "";
}

/** Spelled out in both cases, because JSON Schema has no case-insensitive patterns. */
const booleanWord =
  /^\s*([tT]([rR][uU][eE])?|1|[yY]([eE][sS])?|[oO][nN]|[fF]([aA][lL][sS][eE])?|0|[nN][oO]?|[oO][fF][fF])?\s*$/;
const booleanText = 'must be true or false, e.g. true or "true"';

/** A truth value that may be written as a string: `true`, `"true"`, `"1"`, `"yes"`, `"on"` and their opposites. */
export function stringBool() {
  const text = { error: booleanText };
  return z
    .union([z.boolean(), z.string().regex(booleanWord, text)], text)
    .meta({ "x-message": booleanText, ...booleanForm })
    .transform((value) => meaningOf(booleanForm, value) as boolean);
}

/**
 * A duration in milliseconds, written as Go writes it (`"2s"`, `"1m30s"`), or as a plain number of `unit`.
 *
 * @param unit of a number without unit; default `"s"`
 */
export function stringDuration(unit: DurationUnit = "s") {
  const form = { "x-parse": "duration", "x-unit": unit } satisfies ValueForm;
  return z
    .union(
      [
        z.number().min(0, { error: durationText }),
        z.string().regex(/^\s*\d+(\.\d+)?\s*$|^\s*(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+\s*$/, {
          error: durationText,
        }),
      ],
      { error: durationText },
    )
    .meta({ "x-message": durationText, ...form })
    .transform((value) => meaningOf(form, value) as number);
}

/** A list that may be written as one string: `"a:1,b:2"` or `["a:1", "b:2"]`; blanks and empty parts are dropped. */
export function stringList(separator = ",") {
  const form = { "x-parse": "list", "x-separator": separator } satisfies ValueForm;
  return z
    .union([z.array(z.string()), z.string()])
    .meta(form)
    .transform((value) => meaningOf(form, value) as string[]);
}
