import type { FlowRule } from "./metadata.ts";
import { warmUpLine, type WarmUpLine } from "./warm-up.ts";

const warmUpStrategy = 1;
const memoryStrategy = 2;
const throttleBehaviour = 1;
const associated = 1;

/** What a rule says, in the numbers that checks need. Replaced when a rule changes; what it has counted stays. */
export interface Terms {
  /** Calls per interval; infinite where only `concurrency` limits. */
  readonly threshold: number;
  readonly intervalMs: number;
  /** Set when the threshold warms up. */
  readonly line: WarmUpLine | undefined;
  /** Set when the threshold follows the memory in use. */
  readonly memory: MemoryLine | undefined;
  /** Spread calls evenly in place of refusing them. */
  readonly throttles: boolean;
  readonly maxWaitMs: number;
  readonly concurrency: number;
}

/** Threshold by memory in use: `low` up to `fromBytes`, `high` from `toBytes` on, linear in between. */
export interface MemoryLine {
  readonly low: number;
  readonly high: number;
  readonly fromBytes: number;
  readonly toBytes: number;
}

/** Reads the terms of a rule. */
export function termsOf(rule: FlowRule): Terms {
  const intervalMs = rule.statIntervalInMs || 1000;
  const isMemory = rule.tokenCalculateStrategy === memoryStrategy;
  const threshold = rule.threshold ?? (isMemory ? 0 : Number.POSITIVE_INFINITY);
  const warms = rule.tokenCalculateStrategy === warmUpStrategy && Number.isFinite(threshold);
  const perSecond = (threshold * 1000) / intervalMs;
  return {
    threshold,
    intervalMs,
    line: warms ? warmUpLine(perSecond, rule.warmUpPeriodSec, rule.warmUpColdFactor) : undefined,
    memory: isMemory ? memoryLine(rule) : undefined,
    throttles: rule.controlBehavior === throttleBehaviour,
    maxWaitMs: rule.maxQueueingTimeMs,
    concurrency: rule.concurrency ?? Number.POSITIVE_INFINITY,
  };
}

/** The resource whose calls a rule counts in place of its own. */
export function referredResource(rule: FlowRule): string | undefined {
  return rule.relationStrategy === associated ? rule.refResource : undefined;
}

/** What must be equal for the statistics of a rule to go on under changed thresholds. */
export function identityOf(rule: FlowRule): string {
  const { resource, regex, tokenCalculateStrategy, controlBehavior, callers, limitApp } = rule;
  const { relationStrategy, refResource, statIntervalInMs } = rule;
  return JSON.stringify([
    ...[resource, regex, tokenCalculateStrategy, controlBehavior, callers, limitApp],
    ...[relationStrategy, refResource, statIntervalInMs || 1000],
  ]);
}

/** The threshold for this much memory in use. */
export function memoryThreshold(line: MemoryLine, usedBytes: number): number {
  const { low, high, fromBytes, toBytes } = line;
  if (usedBytes <= fromBytes) return low;
  if (usedBytes >= toBytes) return high;
  return low + ((high - low) * (usedBytes - fromBytes)) / (toBytes - fromBytes);
}

function memoryLine(rule: FlowRule): MemoryLine {
  return {
    low: rule.lowMemUsageThreshold ?? 0,
    high: rule.highMemUsageThreshold ?? 0,
    fromBytes: rule.memLowWaterMarkBytes ?? 0,
    toBytes: rule.memHighWaterMarkBytes ?? 0,
  };
}
