import type { GuestScope } from "./guest-scope.ts";
import type { HostArguments, HostFunction, PlainFunction } from "./host-function.ts";

/** As `plain`, for functions of this folder that need all the state of the guest. */
export function native<const Params extends string>(
  params: Params,
  run: (scope: GuestScope, ...args: HostArguments<Params>) => number,
): HostFunction {
  // GuestScope is the only HostScope that the linker passes.
  return { kind: "plain", params, run: run as unknown as PlainFunction["run"] };
}
