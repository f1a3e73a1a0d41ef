import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@layotto/sidecar-kit/testing";
import { killHard, processesOf } from "../harness/processes.ts";
import type { ChaosApp } from "./app.ts";
import type { Broker } from "./brokers.ts";
import type { Kill } from "./check.ts";

/** What is killed. */
export type KillName = "app" | "sidecar" | "gateway" | "broker";

/** What can be killed. */
export interface Victims {
  readonly app: ChaosApp;
  readonly broker: Broker;
  /** Run directory of the supervisor, which starts again what it lost. */
  readonly runDir: string;
}

/** How often and when something is killed. */
export interface KillPlan {
  readonly what: KillName;
  readonly count: number;
  readonly random: () => number;
  /** How far the work is: from 0 to `total`. */
  progress(): number;
  readonly total: number;
  /** Work that may still end by itself after a kill. */
  readonly inFlight: number;
  readonly signal: AbortSignal;
}

/** Longest time that the app or the broker stays away, ms. */
const MOST_AWAY_MS = 500;
/** With so many kills the app or the broker stays away for long once. */
const MANY = 6;
/** Longer than subscriptions wait for the app to come back, ms. */
const LONG_AWAY_MS = 6000;
/** Spreads kills over what the app does at the time, ms. */
const JITTER_MS = 400;
/** Until work goes on after a kill, ms. */
const RECOVERY_MS = 60_000;

/** Kills something again and again while messages flow, at moments spread over all of them. */
export async function killAgainAndAgain(plan: KillPlan, victims: Victims): Promise<Kill[]> {
  const { what, count, random, total, signal } = plan;
  const kills: Kill[] = [];
  for (let i = 0; i < count; i += 1) {
    // Never at the end, so that each kill meets work.
    const moment = total * (0.05 + (0.85 * (i + random())) / count);
    await until(() => plan.progress() >= moment, signal);
    await pause(random() * JITTER_MS);
    if (signal.aborted) break;
    const [at, before] = [Date.now(), plan.progress()];
    const isLong = count >= MANY && i === MANY - 1;
    await strike(what, victims, isLong ? LONG_AWAY_MS : random() * MOST_AWAY_MS, random);
    const end = Math.min(before + plan.inFlight + 1, total);
    const goesOn = await until(() => plan.progress() >= end, signal, RECOVERY_MS);
    kills.push({ what, at, overAt: goesOn ? Date.now() : undefined });
  }
  return kills;
}

async function strike(
  what: KillName,
  { app, broker, runDir }: Victims,
  awayMs: number,
  random: () => number,
): Promise<void> {
  if (what === "broker") return broker.strike(awayMs, random);
  if (what !== "app") return killSupervised(what, runDir);
  await app.kill();
  await pause(awayMs);
  await app.start();
}

async function killSupervised(what: "sidecar" | "gateway", runDir: string): Promise<void> {
  const name = what === "sidecar" ? "pubsub-sidecar" : "api-gateway";
  const find = (): number[] =>
    processesOf(runDir)
      .filter(({ command }) => command.includes(name))
      .map(({ pid }) => pid);
  const victims = await eventually(
    name,
    () => {
      const pids = find();
      return pids.length > 0 ? pids : undefined;
    },
    RECOVERY_MS,
  );
  for (const pid of victims) killHard(pid);
  await eventually(
    `a new ${name}`,
    () => find().some((pid) => !victims.includes(pid)),
    RECOVERY_MS,
  );
}

/** Whether something comes true before the time is over or the signal is given. */
async function until(
  isTrue: () => boolean,
  signal: AbortSignal,
  timeoutMs = Infinity,
): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (signal.aborted || Date.now() > end) return false;
    await pause(5);
  }
  return true;
}
