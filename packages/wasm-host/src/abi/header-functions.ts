import { WasmStatus } from "../model/host-calls.ts";
import type { FlatHeaders } from "../model/streams.ts";
import type { GuestScope } from "./guest-scope.ts";
import { encodeHeaders, maxHeaderBytes, maxHeaderLines } from "./header-bytes.ts";
import {
  addHeader,
  headerBytes,
  headerValue,
  removeHeader,
  replaceHeader,
} from "./header-lines.ts";
import { headerName, headerText } from "./header-syntax.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { native } from "./native.ts";
import { refusal } from "./refusal.ts";

/** Header maps and trailers (proxy-wasm/spec v0.2.1, "HTTP fields"). Names are compared in lower case. */
export const headerFunctions: HostFunctionTable = {
  proxy_get_header_map_size: native("ii", (scope, map, out) => {
    scope.memory.setU32(out, encodeHeaders(read(scope, map)).length);
    return WasmStatus.OK;
  }),
  proxy_get_header_map_pairs: native("iii", (scope, map, pointerOut, sizeOut) =>
    scope.memory.giveHeaders(read(scope, map), pointerOut, sizeOut),
  ),
  proxy_set_header_map_pairs: native("iii", (scope, map, pointer, length) => {
    const lines = scope.memory.headers(pointer, length);
    return change(scope, map, () => lines);
  }),
  proxy_get_header_map_value: native("iiiii", (scope, map, key, keyLength, pointerOut, sizeOut) => {
    const value = headerValue(read(scope, map), name(scope, key, keyLength));
    if (value === undefined && !scope.missingIsEmpty) return WasmStatus.NOT_FOUND;
    return scope.memory.giveLatin1(value ?? "", pointerOut, sizeOut);
  }),
  proxy_add_header_map_value: native("iiiii", (scope, map, key, keyLength, value, valueLength) => {
    const line = [
      lineName(scope, key, keyLength),
      headerText(scope.memory.latin1(value, valueLength)),
    ] as const;
    return change(scope, map, (lines) => changed(lines, (copy) => addHeader(copy, ...line)));
  }),
  proxy_replace_header_map_value: native(
    "iiiii",
    (scope, map, key, keyLength, value, valueLength) => {
      const line = [
        lineName(scope, key, keyLength),
        headerText(scope.memory.latin1(value, valueLength)),
      ] as const;
      return change(scope, map, (lines) => changed(lines, (copy) => replaceHeader(copy, ...line)));
    },
  ),
  proxy_remove_header_map_value: native("iii", (scope, map, key, keyLength) => {
    const gone = name(scope, key, keyLength);
    return change(scope, map, (lines) => changed(lines, (copy) => removeHeader(copy, gone)));
  }),
};

function name({ memory }: GuestScope, pointer: number, length: number): string {
  return memory.latin1(pointer, length).toLowerCase();
}

function lineName({ memory }: GuestScope, pointer: number, length: number): string {
  return headerName(memory.latin1(pointer, length));
}

function read(scope: GuestScope, map: number): FlatHeaders {
  const lines = scope.headerMap(map);
  if (lines === undefined) throw refusal(WasmStatus.BAD_ARGUMENT);
  return lines;
}

function changed(lines: FlatHeaders, edit: (copy: string[]) => unknown): string[] {
  const copy = [...lines];
  edit(copy);
  if (copy.length > maxHeaderLines * 2 || headerBytes(copy) > maxHeaderBytes)
    throw refusal(WasmStatus.BAD_ARGUMENT);
  return copy;
}

function change(
  scope: GuestScope,
  map: number,
  edit: (lines: FlatHeaders) => string[],
): WasmStatus {
  return scope.changeHeaderMap(map, edit) ? WasmStatus.OK : WasmStatus.BAD_ARGUMENT;
}
