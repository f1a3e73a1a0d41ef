import type { EventEmitter } from "node:events";
import { once } from "node:events";

/** Much more than anything takes on a machine that is busy with other things: only failures wait so long. */
const PATIENCE_MS = 20_000;

/** Waits for an event, at most `timeoutMs` (default 20 000). @throws Error naming the event */
export async function waitFor(
  emitter: EventEmitter,
  event: string,
  timeoutMs = PATIENCE_MS,
): Promise<unknown[]> {
  try {
    return await once(emitter, event, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") {
      throw new Error(`"${event}" did not happen within ${timeoutMs} ms`, { cause: error });
    }
    throw error;
  }
}

/**
 * Asks again and again until `probe` returns something other than undefined or false. For what has no event, such as a
 * port of a process that starts; where there is an event, wait for that.
 *
 * @throws Error after `timeoutMs` (default 20 000)
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 100)) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
