import { WasmStatus } from "../model/host-calls.ts";
import type { GuestScope } from "./guest-scope.ts";
import type { HostArguments, HostFunction } from "./host-function.ts";
import { native } from "./native.ts";
import { Refusal } from "./refusal.ts";

/** Errors of WASI preview 1 that are answered here. */
export const WasiErrno = {
  SUCCESS: 0,
  BADF: 8,
  FAULT: 21,
  INVAL: 28,
  NOSYS: 52,
  NOTSUP: 58,
  SPIPE: 70,
  NOTCAPABLE: 76,
} as const;

/** As `native`, with what is refused as an error of WASI: pointers FAULT, all else INVAL. */
export function wasi<const Params extends string>(
  params: Params,
  run: (scope: GuestScope, ...args: HostArguments<Params>) => number,
): HostFunction {
  return native<Params>(params, (scope, ...args) => {
    try {
      return run(scope, ...args);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.status === WasmStatus.INVALID_MEMORY_ACCESS ? WasiErrno.FAULT : WasiErrno.INVAL;
    }
  });
}
