import { checkFlow, type FlowSettings } from "@layotto/flow-control";
import { pathText } from "@layotto/sidecar-kit";
import { checkPublished } from "@layotto/sidecar-kit/config";
import { flowSchema, type FlowControlConfig } from "../settings.ts";

/** Keys that may change while the gateway runs. */
export const changeable = [
  "global_switch",
  "monitor",
  "limit_key_type",
  "action",
  "rules",
] as const;

/** Settings that were read, or why they cannot be used. */
export type FlowReading =
  | { readonly settings: FlowSettings; readonly warnings: readonly string[] }
  | { readonly fault: string };

/**
 * Reads settings that are to replace those in force: a list of rules, or a map with some of the changeable keys. What
 * it does not name is as in the configuration.
 */
export function readFlow(given: unknown, config: FlowControlConfig): FlowReading {
  const keys = Array.isArray(given) ? { rules: given as unknown[] } : given;
  if (typeof keys !== "object" || keys === null)
    return { fault: "must be a list of rules, or a map with rules" };
  const unknown = Object.keys(keys).filter((key) => !changeable.some((one) => one === key));
  if (unknown[0] !== undefined)
    return { fault: `${unknown[0]}: cannot be changed here; there are ${changeable.join(", ")}` };
  const base = Object.fromEntries(changeable.map((key) => [key, config[key]]));
  const { value, faults } = checkPublished(flowSchema(), { ...base, ...keys }, []);
  if (faults.length > 0) return { fault: faults.map(line).join("; ") };
  const settings = value as FlowSettings; // checked by the schema that this type is made from
  const checked = checkFlow(settings);
  if (checked.faults.length > 0) return { fault: checked.faults.map(line).join("; ") };
  return { settings, warnings: checked.warnings.map(line) };
}

function line({ path, message }: { path: readonly PropertyKey[]; message: string }): string {
  return `${pathText(path)}: ${message}`;
}
