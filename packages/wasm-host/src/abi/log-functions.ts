import { WasmStatus } from "../model/host-calls.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { native } from "./native.ts";

const highestLevel = 5;
/** What a message is cut to before it is made a string. */
const maxMessageBytes = 16 * 1024 + 1;

/** proxy_log and proxy_get_log_level. */
export const logFunctions: HostFunctionTable = {
  proxy_log: native("iii", (scope, level, pointer, length) => {
    if (level > highestLevel) return WasmStatus.BAD_ARGUMENT;
    scope.memory.peek(pointer, length);
    if (scope.log.wanted(level))
      scope.log.line(level, scope.memory.text(pointer, Math.min(length, maxMessageBytes)));
    return WasmStatus.OK;
  }),
  proxy_get_log_level: native("i", ({ memory, environment }, out) => {
    memory.setU32(out, Math.min(environment.logLevel, highestLevel));
    return WasmStatus.OK;
  }),
};
