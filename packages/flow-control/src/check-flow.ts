import type { ConfigFault } from "@layotto/sidecar-kit";
import { flowIgnoredShapeKeys, javaOnlyKeys } from "./keys.ts";
import type { FlowRule, FlowSettings } from "./metadata.ts";

/** What a schema cannot say about settings; paths begin below them. */
export interface FlowCheck {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

/** Checks settings that fit the schema: what contradicts itself, and what has no effect. */
export function checkFlow(settings: FlowSettings): FlowCheck {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  for (const [key, message] of Object.entries(flowIgnoredShapeKeys))
    if (Reflect.get(settings, key) !== undefined) warnings.push({ path: [key], message });
  if (!settings.global_switch && settings.rules.length > 0)
    warnings.push({ path: ["global_switch"], message: "is false: the rules limit nothing" });
  settings.rules.forEach((rule, index) => {
    const at = (key: string): (string | number)[] => ["rules", index, key];
    for (const [key, message] of ruleFaults(rule)) faults.push({ path: at(key), message });
    for (const key of javaOnlyKeys)
      if (rule[key] !== undefined)
        warnings.push({ path: at(key), message: "is a key of Sentinel for Java, ignored" });
  });
  return { faults, warnings };
}

function ruleFaults(rule: FlowRule): [key: string, message: string][] {
  const faults: [string, string][] = [];
  const { threshold, concurrency, tokenCalculateStrategy: strategy } = rule;
  if (rule.regex && !isPattern(rule.resource))
    faults.push(["resource", `"${rule.resource}" is no regular expression`]);
  if (strategy !== 2 && threshold === undefined && concurrency === undefined)
    faults.push(["threshold", "is missing"]);
  if (rule.relationStrategy === 1 && rule.refResource === "")
    faults.push(["refResource", "is missing, for relationStrategy is 1"]);
  if (rule.relationStrategy === 1 && rule.controlBehavior === 1)
    faults.push([
      "relationStrategy",
      "must be 0 with controlBehavior 1: a queue has its own calls",
    ]);
  if (rule.relationStrategy === 1 && rule.regex)
    faults.push(["relationStrategy", "must be 0 with regex"]);
  if (strategy === 1 && rule.warmUpPeriodSec === 0)
    faults.push(["warmUpPeriodSec", "must be above 0, for tokenCalculateStrategy is 1"]);
  if (strategy === 2) faults.push(...memoryFaults(rule));
  return faults;
}

function memoryFaults(rule: FlowRule): [key: string, message: string][] {
  const { lowMemUsageThreshold: low = 0, highMemUsageThreshold: high = 0 } = rule;
  const { memLowWaterMarkBytes: from = 0, memHighWaterMarkBytes: to = 0 } = rule;
  const faults: [string, string][] = [];
  if (high <= 0) faults.push(["highMemUsageThreshold", "must be above 0"]);
  if (low <= high) faults.push(["lowMemUsageThreshold", "must be above highMemUsageThreshold"]);
  if (from <= 0) faults.push(["memLowWaterMarkBytes", "must be above 0"]);
  if (to <= from) faults.push(["memHighWaterMarkBytes", "must be above memLowWaterMarkBytes"]);
  return faults;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
