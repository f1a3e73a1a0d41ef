import type { FieldMatch, TextMatch } from "../model/route.ts";

/**
 * Whether a header, query parameter or variable is as wanted.
 *
 * One that is not there fits only `present: false` and `invert` of `present`: as with Envoy, "not x" does not mean
 * "nothing at all". A match that wants nothing in particular wants it to be there.
 *
 * @param value undefined when it is not there
 */
export function matchField(match: FieldMatch, value: string | undefined): boolean {
  const invert = match.invert === true;
  if (match.present !== undefined) return (value !== undefined) === (match.present !== invert);
  if (value === undefined) return false;
  return matchText(match, value, match.ignoreCase === true) !== invert;
}

/** Whether a text is as wanted; a match that says nothing fits every text. */
export function matchText(match: TextMatch, value: string, ignoreCase: boolean): boolean {
  if (match.exact !== undefined && value === match.exact) return true;
  if (match.regex !== undefined) return match.regex.test(value);
  if (match.range !== undefined) return isInRange(value, match.range);
  return ignoreCase ? compare(lowered(match), value.toLowerCase()) : compare(match, value);
}

function compare({ exact, prefix, suffix, contains }: TextMatch, value: string): boolean {
  if (exact !== undefined) return value === exact;
  if (prefix !== undefined) return value.startsWith(prefix);
  if (suffix !== undefined) return value.endsWith(suffix);
  return contains === undefined || value.includes(contains);
}

function lowered({ exact, prefix, suffix, contains }: TextMatch): TextMatch {
  return {
    exact: exact?.toLowerCase(),
    prefix: prefix?.toLowerCase(),
    suffix: suffix?.toLowerCase(),
    contains: contains?.toLowerCase(),
  };
}

/** Only whole decimal numbers are numbers here: `1e3` and ` 7` are not. */
function isInRange(value: string, [from, to]: readonly [number, number]): boolean {
  if (!/^[+-]?\d{1,18}$/.test(value)) return false;
  const number = Number(value);
  return number >= from && number < to;
}
