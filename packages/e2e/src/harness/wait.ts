import { setTimeout as pause } from "node:timers/promises";

/** Lets a measurement run for so long; for load only, everything else waits for an event. */
export async function measureFor(ms: number): Promise<void> {
  await pause(ms);
}

/** Whether the full numbers are asked for instead of the short form. */
export const isLong = process.env["LAYOTTO_LONG"] === "1";
