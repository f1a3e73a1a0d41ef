import { pubsubErrors } from "../errors.ts";

const ttlKey = "ttlInSeconds";
const rawKey = "rawPayload";

// The words of Go's strconv.ParseBool.
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((word) => [word, false] as const),
]);

/**
 * How long a message is worth delivering, in milliseconds: metadata `ttlInSeconds`. Absent or empty = `undefined`, for
 * ever. More than can be counted is the most that can.
 *
 * @throws pubsubErrors.METADATA_INVALID when it is not a whole number above 0
 */
export function ttlMsOf(metadata: Readonly<Record<string, string>>): number | undefined {
  const value = metadata[ttlKey];
  if (value === undefined || value === "") return undefined;
  const seconds = /^\+?\d+$/.test(value) ? Number(value) : 0;
  if (seconds === 0) {
    throw pubsubErrors.METADATA_INVALID(ttlKey, value, "must be a whole number of seconds above 0");
  }
  return Math.min(seconds * 1000, Number.MAX_SAFE_INTEGER);
}

/**
 * Whether messages are plain bytes and no events: metadata `rawPayload`. Absent or empty = false.
 *
 * @throws pubsubErrors.METADATA_INVALID when it is not a boolean as Go writes them
 */
export function isRaw(metadata: Readonly<Record<string, string>>): boolean {
  const value = metadata[rawKey];
  if (value === undefined || value === "") return false;
  const isRaw = booleans.get(value);
  if (isRaw === undefined) {
    throw pubsubErrors.METADATA_INVALID(rawKey, value, 'must be "true" or "false"');
  }
  return isRaw;
}
