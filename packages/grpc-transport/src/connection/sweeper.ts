/** Something that is looked at regularly: rates are refilled, stalls and idleness found. */
export interface Swept {
  /** @param now milliseconds of a monotonic clock */
  sweep(now: number): void;
}

/** Rates are per second, so this is a second. */
const SWEEP_INTERVAL_MS = 1000;

const all = new Set<Swept>();
let timer: NodeJS.Timeout | undefined;

/** One timer for all connections of the process; it does not keep the process alive. */
export function addSwept(swept: Swept): void {
  all.add(swept);
  timer ??= setInterval(sweepAll, SWEEP_INTERVAL_MS).unref();
}

/** Stops looking at it. */
export function removeSwept(swept: Swept): void {
  all.delete(swept);
  if (all.size > 0 || timer === undefined) return;
  clearInterval(timer);
  timer = undefined;
}

function sweepAll(): void {
  const now = performance.now();
  for (const swept of all) swept.sweep(now);
}
