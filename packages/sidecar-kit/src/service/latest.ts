import { deferred } from "../deferred.ts";

/** Subscribes to changes; returns how to unsubscribe. */
export type Subscribe = (listener: () => void) => () => void;

/**
 * Yields a snapshot at once and a new one after each change, until a signal is aborted. Changes that come while the
 * consumer is busy are taken together, so a slow consumer costs no memory.
 */
export async function* latest<T>(
  snapshot: () => T,
  subscribe: Subscribe,
  ...signals: readonly AbortSignal[]
): AsyncGenerator<T> {
  let changed = deferred<void>();
  const wake = () => changed.resolve();
  const unsubscribe = subscribe(wake);
  for (const signal of signals) signal.addEventListener("abort", wake, { once: true });
  try {
    while (!signals.some((signal) => signal.aborted)) {
      changed = deferred<void>();
      yield snapshot();
      await changed.promise;
    }
  } finally {
    unsubscribe();
    for (const signal of signals) signal.removeEventListener("abort", wake);
  }
}
