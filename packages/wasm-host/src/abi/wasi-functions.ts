import { randomFillSync } from "node:crypto";
import { GuestExit } from "./ending.ts";
import type { GuestScope } from "./guest-scope.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { clockNs } from "./time-functions.ts";
import { wasi, WasiErrno } from "./wasi.ts";
import { fileFunctions } from "./wasi-files.ts";
import { pollOneoff } from "./wasi-poll.ts";

/** Octets of randomness at once. */
const maxRandomBytes = 1024 * 1024;
const maxEnvironmentBytes = 64 * 1024;

/** WASI preview 1: standard streams into the log, clocks, randomness, environment. No files, no sockets. */
export const wasiFunctions: HostFunctionTable = {
  ...fileFunctions,
  clock_time_get: wasi("iIi", ({ memory }, clock, _precision, out) => {
    const now = clockNs(clock);
    if (now === undefined) return WasiErrno.NOTSUP;
    memory.setU64(out, now);
    return WasiErrno.SUCCESS;
  }),
  clock_res_get: wasi("ii", ({ memory }, clock, out) => {
    if (clock > 1) return WasiErrno.NOTSUP;
    memory.setU64(out, 1000n);
    return WasiErrno.SUCCESS;
  }),
  random_get: wasi("ii", ({ memory }, pointer, length) => {
    const room = memory.peek(pointer, length);
    if (length > maxRandomBytes) return WasiErrno.INVAL;
    randomFillSync(room);
    return WasiErrno.SUCCESS;
  }),
  environ_sizes_get: wasi("ii", (scope, countOut, bytesOut) => {
    const entries = environment(scope);
    scope.memory.setU32(countOut, entries.length);
    scope.memory.setU32(
      bytesOut,
      entries.reduce((sum, entry) => sum + entry.length, 0),
    );
    return WasiErrno.SUCCESS;
  }),
  environ_get: wasi("ii", (scope, pointersOut, bytesOut) => {
    let at = bytesOut;
    for (const [index, entry] of environment(scope).entries()) {
      scope.memory.setU32(pointersOut + index * 4, at);
      scope.memory.set(at, entry);
      at += entry.length;
    }
    return WasiErrno.SUCCESS;
  }),
  // The specification wants two zeros.
  args_sizes_get: wasi("ii", ({ memory }, countOut, bytesOut) => {
    memory.setU32(countOut, 0);
    memory.setU32(bytesOut, 0);
    return WasiErrno.SUCCESS;
  }),
  args_get: wasi("ii", () => WasiErrno.SUCCESS),
  proc_exit: wasi("i", (scope, code) => {
    throw (scope.ended = new GuestExit(code));
  }),
  sched_yield: wasi("", () => WasiErrno.SUCCESS),
  poll_oneoff: wasi("iiii", pollOneoff),
};

function environment({ spec }: GuestScope): Buffer[] {
  const entries = Object.entries(spec.environment).map(([name, value]) =>
    Buffer.from(`${name}=${value}\0`),
  );
  let bytes = 0;
  return entries.filter((entry) => (bytes += entry.length) <= maxEnvironmentBytes);
}
