import type { FlowRule } from "./metadata.ts";

/** Which calls a rule is about: all together, or callers each on their own. */
export interface CallerScope {
  /** Callers named by the rule; undefined: any. */
  readonly named: ReadonlySet<string> | undefined;
  /** Callers that other rules of the resource name; those are left out. */
  readonly except: ReadonlySet<string> | undefined;
}

/** The scope of a rule among the rules of its resource; undefined: all callers together. */
export function callerScope(rule: FlowRule, all: readonly FlowRule[]): CallerScope | undefined {
  const names = callerNames(rule);
  if (names.length === 0) return undefined;
  if (names.includes("*")) return { named: undefined, except: undefined };
  if (!names.includes("other")) return { named: new Set(names), except: undefined };
  const others = all.filter((one) => one !== rule && one.resource === rule.resource);
  return { named: undefined, except: new Set(others.flatMap(callerNames)) };
}

/** Whether the scope is about this caller. */
export function isInScope(scope: CallerScope, caller: string): boolean {
  if (scope.named !== undefined) return scope.named.has(caller);
  return scope.except === undefined || !scope.except.has(caller);
}

/** Names in `callers` and `limitApp`; none when the rule is about all callers together. */
function callerNames({ callers = [], limitApp = "" }: FlowRule): string[] {
  const names = limitApp.split(",").map((name) => name.trim());
  return [...callers, ...names].filter((name) => name !== "" && name !== "default");
}
