/** Between two measurements, in milliseconds. */
const EVERY_MS = 10;
/** Steps on the way of a message, each of which may have to wait that long: timers, questions to the broker, answers. */
const STEPS = 5;

/**
 * What a busy machine may add to the time that a message takes: measures timers of this process and the answers of a
 * broker for as long as something lasts. A test adds it to its tolerance, so that it tells a slow machine from a slow
 * product.
 *
 * @param ping a question that the broker answers at once
 * @returns milliseconds
 */
export async function machineLag(
  during: Promise<unknown>,
  ping: () => Promise<unknown>,
): Promise<number> {
  let [isOver, worstMs] = [false, 0];
  const ended = during.finally(() => (isOver = true));
  ended.catch(() => undefined); // told at the end
  while (!isOver) {
    const beganMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    await ping();
    worstMs = Math.max(worstMs, performance.now() - beganMs - EVERY_MS);
  }
  await ended;
  return STEPS * worstMs;
}
