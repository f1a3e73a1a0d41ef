import type { FakeClock } from "@layotto/sidecar-kit/testing";

/** Much more than anything takes on a machine that is busy with other things: only failures wait so long. */
const PATIENCE_MS = 20_000;

/** Looks again and again until `check` no longer throws; gives up with its error after 20 s. For effects across sockets. */
export async function until(check: () => void): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/**
 * Moves the clock by single milliseconds until `holds`, and no further: what the timers set off then has all its own time
 * before it, however long it takes on its way across sockets. `holds` must become true with a timer.
 *
 * @throws Error after `mostMs` of the clock, 1000 by default
 */
export async function advanceUntil(
  clock: FakeClock,
  holds: () => boolean,
  mostMs = 1000,
): Promise<void> {
  for (let ms = 0; !holds(); ms += 1) {
    if (ms === mostMs) throw new Error(`no timer did within ${mostMs} ms what was waited for`);
    await clock.advance(1);
  }
}
