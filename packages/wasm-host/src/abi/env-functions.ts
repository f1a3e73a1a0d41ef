import { randomInt } from "node:crypto";
import { GuestAbort } from "./ending.ts";
import type { GuestScope } from "./guest-scope.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { native } from "./native.ts";

const infoLevel = 2;

/** Octets of a text of AssemblyScript that are read. */
const maxTextBytes = 8192;

/** What modules of AssemblyScript and emscripten import beside the ABI. They are part of the language: no capability. */
export const environmentFunctions: HostFunctionTable = {
  abort: native("iiii", (scope, message, file, line, column) => {
    // emscripten's has no arguments.
    if (message === 0) throw (scope.ended = new GuestAbort("abort"));
    const place = `${assemblyScriptText(scope, file)}:${line}:${column}`;
    throw (scope.ended = new GuestAbort(`abort: ${assemblyScriptText(scope, message)} (${place})`));
  }),
  _abort_js: native("", (scope) => {
    throw (scope.ended = new GuestAbort("abort"));
  }),
  seed: native("", () => randomInt(2 ** 47)),
  trace: native("isddddd", (scope, message, count, ...values) => {
    const shown = values.slice(0, Math.max(0, Math.min(count, values.length)));
    scope.log.line(infoLevel, [`trace: ${assemblyScriptText(scope, message)}`, ...shown].join(" "));
    return 0;
  }),
  emscripten_notify_memory_growth: native("i", () => 0),
  emscripten_resize_heap: native("i", () => 0),
  emscripten_memcpy_big: native("iii", copyWithin),
  emscripten_memcpy_js: native("iii", copyWithin),
  _emscripten_memcpy_js: native("iii", copyWithin),
  pthread_equal: native("ii", (_scope, one, other) => Number(one === other)),
  emscripten_get_now: native("", () => performance.now()),
  emscripten_date_now: native("", () => Date.now()),
};

function copyWithin({ memory }: GuestScope, to: number, from: number, length: number): number {
  memory.set(to, memory.peek(from, length));
  return to;
}

/** UTF-16 with its length in octets before it; "" for null and whatever is none. */
function assemblyScriptText({ memory }: GuestScope, pointer: number): string {
  if (pointer < 4 || pointer > memory.size) return "";
  const length = Math.min(memory.u32(pointer - 4), maxTextBytes);
  if (pointer + length > memory.size) return "";
  return Buffer.from(memory.peek(pointer, length)).toString("utf16le");
}
