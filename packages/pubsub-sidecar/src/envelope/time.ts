/** The last moment that RFC 3339 can write. */
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

let cachedMs = Number.NaN;
let cachedText = "";

/** RFC 3339 in UTC with milliseconds. What is later than the year 9999 is the end of that year. */
export function timeText(ms: number): string {
  if (ms !== cachedMs) {
    cachedText = new Date(Math.min(ms, latestMs)).toISOString();
    cachedMs = ms;
  }
  return cachedText;
}

/** Milliseconds since 1970 of an RFC 3339 time; `undefined` when it is none. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string" || !rfc3339.test(value)) return undefined;
  const ms = Date.parse(value.toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
}
