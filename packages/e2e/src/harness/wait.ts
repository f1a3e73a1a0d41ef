import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@layotto/sidecar-kit/testing";
import type { Layotto } from "./layotto.ts";

/** Waits until all components are open: processes answer before that. */
export async function untilReady({
  actuator,
  output,
}: Pick<Layotto, "actuator"> & Partial<Layotto>): Promise<void> {
  let said = "nothing";
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`${actuator}/actuator/health/readiness`);
    said = await answer.text();
    return answer.status === 200;
  };
  await eventually("readiness", isReady, 30_000).catch((cause: unknown) => {
    throw new Error(`not ready: ${said}\n${output?.() ?? ""}`, { cause });
  });
}

/** Lets a measurement run for so long; for load only, everything else waits for an event. */
export async function measureFor(ms: number): Promise<void> {
  await pause(ms);
}

/** Whether the full numbers are asked for instead of the short form. */
export const isLong = process.env["LAYOTTO_LONG"] === "1";
