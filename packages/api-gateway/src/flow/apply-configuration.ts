import type { RpcError } from "@layotto/sidecar-kit";
import { errors } from "../errors.ts";
import type { OwnMethod } from "../routing/route.ts";
import {
  applyConfigurationPath,
  kindPath,
  readChange,
  type ComponentChange,
} from "./dynamic-configuration.ts";
import type { FlowGate } from "./flow-gate.ts";
import { changeable, readFlow } from "./read-flow.ts";

/** The kind of `ComponentConfig` that the gateway takes itself. */
export const flowKind = "flowControl";
/** The only component of that kind. */
export const flowName = "gateway";

/**
 * `Lifecycle/ApplyConfiguration` for the flow rules: kind `flowControl`, name `gateway`. Each metadata value is JSON
 * (`rules`: a list, `monitor`: `true` …). As with every component the metadata is all that is wanted, not a patch: keys
 * that are left out are as in the configuration. Nothing is kept beyond the life of the process.
 */
export function applyFlowConfiguration(
  gate: FlowGate,
  onApplied: (warnings: readonly string[]) => void,
): OwnMethod {
  return {
    path: applyConfigurationPath,
    fieldPath: kindPath,
    value: flowKind,
    answer(message) {
      const reading = readFlow(wanted(checked(message)), gate.config);
      if ("fault" in reading) throw errors.FLOW_RULES_INVALID(reading.fault);
      gate.apply(reading.settings, "ApplyConfiguration");
      onApplied(reading.warnings);
      return new Uint8Array(0);
    },
  };
}

/** Checks in Layotto's order. */
function checked(message: Uint8Array): ComponentChange {
  const change = parsed(message);
  if (change.name === "") throw errors.FIELD_MISSING("name");
  if (Object.keys(change.metadata).length === 0) throw errors.FIELD_MISSING("metadata");
  if (change.name !== flowName) throw errors.COMPONENT_NOT_FOUND(change.kind, change.name);
  return change;
}

function parsed(message: Uint8Array): ComponentChange {
  try {
    return readChange(message);
  } catch {
    throw malformed();
  }
}

function malformed(): RpcError {
  return errors.MESSAGE_MALFORMED(applyConfigurationPath, "component_config");
}

function wanted({ metadata }: ComponentChange): Record<string, unknown> {
  const entries = Object.entries(metadata).map(([key, text]): [string, unknown] => {
    try {
      return [key, JSON.parse(text) as unknown];
    } catch {
      // A bare word like PATH is meant as it stands; for anything else the schema says what is wrong.
      if (changeable.some((one) => one === key) && /^\w+$/u.test(text)) return [key, text];
      throw errors.FLOW_RULES_INVALID(`${key}: its value is no JSON`);
    }
  });
  return Object.fromEntries(entries);
}
