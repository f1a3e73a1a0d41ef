import { WasmStatus } from "../model/host-calls.ts";
import type { GuestScope } from "./guest-scope.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { native } from "./native.ts";

const highestBuffer = 8;
const maxU32 = 0xffff_ffff;

/** Bodies, messages and configuration (proxy-wasm/spec v0.2.1, "Buffers"). */
export const bufferFunctions: HostFunctionTable = {
  proxy_get_buffer_bytes: native("iiiii", (scope, number, start, max, pointerOut, sizeOut) => {
    if (number > highestBuffer || start + max > maxU32) return WasmStatus.BAD_ARGUMENT;
    const bytes = scope.buffer(number);
    if (bytes === undefined) return WasmStatus.NOT_FOUND;
    const part = start === 0 && max >= bytes.length ? bytes : bytes.subarray(start, start + max);
    return scope.memory.give(part, pointerOut, sizeOut);
  }),
  proxy_get_buffer_status: native("iii", (scope, number, sizeOut, flagsOut) => {
    if (number > highestBuffer) return WasmStatus.BAD_ARGUMENT;
    const bytes = scope.buffer(number);
    if (bytes === undefined) return WasmStatus.NOT_FOUND;
    scope.memory.setU32(sizeOut, bytes.length);
    scope.memory.setU32(flagsOut, 0);
    return WasmStatus.OK;
  }),
  proxy_set_buffer_bytes: native("iiiii", (scope, number, start, size, pointer, length) => {
    if (number > highestBuffer) return WasmStatus.BAD_ARGUMENT;
    const target = scope.writableBuffer(number);
    // A buffer that is there but cannot be written is a wrong argument, one that is not there is not found.
    if (target === undefined)
      return scope.buffer(number) === undefined ? WasmStatus.NOT_FOUND : WasmStatus.BAD_ARGUMENT;
    const [body, max] = target;
    const fits = body.splice(start, size, scope.memory.peek(pointer, length), max);
    return fits ? WasmStatus.OK : WasmStatus.BAD_ARGUMENT;
  }),
  // 0.1.0
  proxy_get_configuration: native("ii", (scope, pointerOut, sizeOut) =>
    scope.memory.give(configuration(scope), pointerOut, sizeOut),
  ),
};

function configuration({ startingVm, spec }: GuestScope): Uint8Array {
  return startingVm ? spec.vmConfig : spec.pluginConfig;
}
