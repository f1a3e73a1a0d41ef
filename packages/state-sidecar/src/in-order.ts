import type { MaybePromise } from "@layotto/sidecar-kit";

/** Does something with each item, one after the other, and stops at the first error. Synchronous as long as `work` is. */
export function inOrder<T>(
  items: readonly T[],
  work: (item: T) => MaybePromise<void>,
): MaybePromise<void> {
  for (const [i, item] of items.entries()) {
    const done = work(item);
    if (done instanceof Promise) return done.then(() => inOrder(items.slice(i + 1), work));
  }
  return undefined;
}

/**
 * Does something with each item, at most `parallelism` (less than 1 counts as 1) at a time, and returns the results in
 * the order of the items. Synchronous as long as `work` is. `work` must not fail.
 */
export function inParallel<T, R>(
  items: readonly T[],
  parallelism: number,
  work: (item: T) => MaybePromise<R>,
): MaybePromise<R[]> {
  const results: R[] = new Array<R>(items.length);
  const waiting = items.entries();
  const worker = (): MaybePromise<void> => {
    for (const [i, item] of waiting) {
      const result = work(item);
      if (!(result instanceof Promise)) {
        results[i] = result;
        continue;
      }
      return result.then((late) => {
        results[i] = late;
        return worker();
      });
    }
    return undefined;
  };
  const running: Promise<void>[] = [];
  for (let i = 0; i < Math.min(Math.max(parallelism, 1), items.length); i++) {
    const done = worker();
    if (done instanceof Promise) running.push(done);
  }
  return running.length === 0 ? results : Promise.all(running).then(() => results);
}
