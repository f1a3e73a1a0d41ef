/** How long to wait before a crashed process is started again. */
export interface BackoffOptions {
  /** First delay in milliseconds. @default 50 */
  firstMs: number;
  /** Longest delay in milliseconds. @default 30000 */
  maxMs: number;
  /** Share by which a delay is varied up and down, so that processes do not restart in step. @default 0.25 */
  jitter: number;
}

/** The back-off of the supervisor: served again at once after one crash, quiet in a crash loop. */
export const defaultBackoff: BackoffOptions = { firstMs: 50, maxMs: 30_000, jitter: 0.25 };

/**
 * Delay before the next attempt, in milliseconds.
 *
 * @param failures how often in a row the process ended by itself, from 1
 * @param random a number in [0, 1)
 */
export function backoffDelay(
  failures: number,
  random: number,
  options: BackoffOptions = defaultBackoff,
): number {
  const exponent = Math.min(failures - 1, 30);
  const full = Math.min(options.maxMs, options.firstMs * 2 ** exponent);
  return Math.round(full * (1 + options.jitter * (2 * random - 1)));
}
