import type { Clock } from "../clock.ts";

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves the time on and fires the timers that become due, in order; waits for what they set off. */
  advance(ms: number): Promise<void>;
  /** Timers that are set. */
  readonly pending: number;
}

/** Creates a {@link FakeClock}. */
export function fakeClock(startMs = Date.parse("2026-01-01T00:00:00Z")): FakeClock {
  const timers = new Set<{ at: number; callback: () => void }>();
  let nowMs = startMs;
  return {
    now: () => nowMs,
    after(ms, callback) {
      const timer = { at: nowMs + ms, callback };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      const end = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter((each) => each.at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.at);
        next.callback();
        await settle();
      }
      nowMs = end;
      await settle();
    },
  };
}

/** Lets everything that is already due run: promises and immediates, no timers. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
