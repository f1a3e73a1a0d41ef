/** A timer that was set. */
export interface Timer {
  cancel(): void;
}

/** Time, so that tests can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `ms`. The timer does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
}

/** The real time. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Options of {@link backoffMs}. */
export interface BackoffOptions {
  /** First delay; default 100. */
  initialMs?: number;
  /** Longest delay before jitter; default 10 000. */
  maxMs?: number;
  /** 0 to 1; default `Math.random`. */
  random?: () => number;
}

/** Returns the delay before attempt `attempt` (1 = first retry): doubling, capped, then between 50 % and 100 % of it. */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { initialMs = 100, maxMs = 10_000, random = Math.random } = options;
  const full = Math.min(maxMs, initialMs * 2 ** Math.min(attempt - 1, 30));
  return full * (0.5 + random() / 2);
}
