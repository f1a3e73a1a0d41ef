import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@layotto/sidecar-kit/testing";

/** Waits until all components are open: processes answer before that. */
export async function untilReady({ actuator }: { readonly actuator: string }): Promise<void> {
  const isReady = async () => (await fetch(`${actuator}/actuator/health/readiness`)).status === 200;
  await eventually("readiness", isReady, 10_000);
}

/** Lets a measurement run for so long; for load only, everything else waits for an event. */
export async function measureFor(ms: number): Promise<void> {
  await pause(ms);
}

/** Whether the full numbers are asked for instead of the short form. */
export const isLong = process.env["LAYOTTO_LONG"] === "1";
