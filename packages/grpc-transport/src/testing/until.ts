import { setTimeout as pause } from "node:timers/promises";

/** Waits until `condition` holds, looking every 5 ms; rejects after `timeoutMs`, naming `what`. */
export async function until(
  what: string,
  condition: () => boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await pause(5);
  }
}
