import type { HostAnswer, HostCall } from "../model/host-calls.ts";
import { WasmStatus } from "../model/host-calls.ts";
import type { HostScope } from "./host-scope.ts";

export type { CallOutKind, EffectiveContext, HostScope } from "./host-scope.ts";

/** Arguments by letters: `i` u32, `s` signed i32, `I` i64 (signed bigint), `d` f64. */
export type HostArguments<Params extends string> = Params extends `${"i" | "s" | "d"}${infer Rest}`
  ? [number, ...HostArguments<Rest>]
  : Params extends `I${infer Rest}`
    ? [bigint, ...HostArguments<Rest>]
    : [];

/** A function that is done at once. */
export interface PlainFunction {
  readonly kind: "plain";
  readonly params: string;
  readonly run: (scope: HostScope, ...args: never[]) => number;
}

/** A function that asks the main thread: `ask` reads the arguments, `answer` gives the result to the guest. */
export interface AskingFunction {
  readonly kind: "asking";
  readonly params: string;
  /** A status ends the call without asking. */
  readonly ask: (scope: HostScope, ...args: never[]) => HostCall | WasmStatus;
  /** Called only when the answer is OK: any other status is the guest's as it is. */
  readonly answer: (scope: HostScope, answer: HostAnswer, ...args: never[]) => WasmStatus;
}

/**
 * One function of the host, declared the same for blocking and suspending host calls. What it throws as a `Refusal`
 * is its status; nothing else may be thrown.
 */
export type HostFunction = PlainFunction | AskingFunction;

/** By name of the import. */
export type HostFunctionTable = Readonly<Record<string, HostFunction>>;

/** Declares a function that is done at once, e.g. `plain("iii", (scope, level, pointer, length) => …)`. */
export function plain<const Params extends string>(
  params: Params,
  run: (scope: HostScope, ...args: HostArguments<Params>) => number,
): HostFunction {
  // The letters say what the linker passes; tuples of letters cannot be told apart in a table.
  return { kind: "plain", params, run: run as PlainFunction["run"] };
}

function done(): WasmStatus {
  return WasmStatus.OK;
}

/** Declares a function that asks the main thread. Without `answer` the guest gets only the status. */
export function asking<const Params extends string>(
  params: Params,
  ask: (scope: HostScope, ...args: HostArguments<Params>) => HostCall | WasmStatus,
  answer: (
    scope: HostScope,
    answer: HostAnswer,
    ...args: HostArguments<Params>
  ) => WasmStatus = done,
): HostFunction {
  return {
    kind: "asking",
    params,
    ask: ask as AskingFunction["ask"],
    answer: answer as AskingFunction["answer"],
  };
}
