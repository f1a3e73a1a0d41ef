import { WasmStatus } from "../model/host-calls.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { native } from "./native.ts";

/** Time since 1970, ns. */
export function realtimeNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

/** Time of a clock, ns; undefined: not a clock that there is. */
export function clockNs(clock: number): bigint | undefined {
  if (clock === 0) return realtimeNs();
  return clock === 1 ? process.hrtime.bigint() : undefined;
}

/** The clock and the timer. */
export const timeFunctions: HostFunctionTable = {
  proxy_get_current_time_nanoseconds: native("i", ({ memory }, out) => {
    memory.setU64(out, realtimeNs());
    return WasmStatus.OK;
  }),
  proxy_set_tick_period_milliseconds: native("i", (scope, ms) => {
    scope.tickMs = ms;
    return WasmStatus.OK;
  }),
};
