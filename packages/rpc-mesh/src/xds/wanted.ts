/** Something the management server has set, and since when it may have to wait. */
export interface Wanted<T> {
  readonly value: T;
  /** ms since the epoch. */
  readonly since: number;
}

/** By name. */
export type AllWanted<T> = ReadonlyMap<string, Wanted<T>>;

/**
 * Everything that is set now.
 *
 * @param isOld whether a changed value waits for nothing new
 */
export function mergeWanted<T>(
  before: AllWanted<T>,
  entries: Iterable<readonly [string, T]>,
  now: number,
  isOld: (before: T, after: T) => boolean,
): Map<string, Wanted<T>> {
  const after = new Map<string, Wanted<T>>();
  for (const [name, value] of entries) {
    const known = before.get(name);
    const since = known !== undefined && isOld(known.value, value) ? known.since : now;
    after.set(name, { value, since });
  }
  return after;
}

/** Whether two lists hold the same objects. */
export function isSame(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.length === after.length && after.every((value, i) => value === before[i]);
}
