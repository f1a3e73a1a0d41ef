const UNIT_MS: Record<string, number> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
const MAX_DIGITS = 8;

/**
 * Parses `grpc-timeout` into milliseconds; NaN when it is malformed.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Timeout)
 */
export function parseTimeout(value: string): number {
  const unit = UNIT_MS[value.slice(-1)];
  const digits = value.slice(0, -1);
  if (unit === undefined || digits.length > MAX_DIGITS || !/^\d+$/.test(digits)) return Number.NaN;
  return Number(digits) * unit;
}

/** Formats milliseconds as `grpc-timeout`, rounded up, at most 8 digits. */
export function formatTimeout(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms));
  if (whole < 1e8) return `${whole}m`;
  const seconds = Math.ceil(ms / 1000);
  return seconds < 1e8 ? `${seconds}S` : `${Math.min(99_999_999, Math.ceil(seconds / 3600))}H`;
}
