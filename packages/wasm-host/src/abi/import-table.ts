import { bufferFunctions } from "./buffer-functions.ts";
import { callOutFunctions } from "./call-outs.ts";
import { environmentFunctions } from "./env-functions.ts";
import { foreignFunctions } from "./foreign-functions.ts";
import { headerFunctions } from "./header-functions.ts";
import type { HostFunction, HostFunctionTable } from "./host-function.ts";
import { layottoFunctions } from "./layotto-functions.ts";
import { logFunctions } from "./log-functions.ts";
import { metricFunctions } from "./metrics.ts";
import { propertyFunctions } from "./property-functions.ts";
import { sharedDataFunctions } from "./shared-data.ts";
import { sharedQueueFunctions } from "./shared-queues.ts";
import { streamFunctions } from "./stream-functions.ts";
import { timeFunctions } from "./time-functions.ts";
import { wasiFunctions } from "./wasi-functions.ts";

/** Functions of module `env` that are capabilities: an allow-list may leave them out. */
const abiFunctions: HostFunctionTable = {
  ...logFunctions,
  ...timeFunctions,
  ...bufferFunctions,
  ...headerFunctions,
  ...propertyFunctions,
  ...streamFunctions,
  ...sharedDataFunctions,
  ...sharedQueueFunctions,
  ...metricFunctions,
  ...callOutFunctions,
  ...foreignFunctions,
  ...layottoFunctions,
};

const wasiModules: readonly string[] = ["wasi_snapshot_preview1", "wasi_unstable"];

/** Names that mean the same function: who may call one may call the other. */
const aliases: Readonly<Record<string, string>> = {
  proxy_send_http_response: "proxy_send_local_response",
  proxy_continue_request: "proxy_continue_stream",
  proxy_continue_response: "proxy_continue_stream",
  proxy_resume_http_request: "proxy_continue_stream",
  proxy_resume_http_response: "proxy_continue_stream",
  proxy_dispatch_http_call: "proxy_http_call",
  proxy_dispatch_grpc_call: "proxy_grpc_call",
  proxy_open_grpc_stream: "proxy_grpc_stream",
  proxy_send_grpc_call_message: "proxy_grpc_send",
  proxy_cancel_grpc_call: "proxy_grpc_cancel",
  proxy_close_grpc_call: "proxy_grpc_close",
};

/** Ending itself is no capability. */
const alwaysAllowed = new Set(["proc_exit", ...Object.keys(environmentFunctions)]);

/** A function that a module may import; undefined: there is none. */
export function hostFunction(module: string, name: string): HostFunction | undefined {
  if (wasiModules.includes(module)) return own(wasiFunctions, name);
  return module === "env"
    ? (own(abiFunctions, name) ?? own(environmentFunctions, name))
    : undefined;
}

/** All functions that there are; those of WASI under the newer of its names. */
export function hostFunctionNames(): { module: string; name: string }[] {
  const names = (module: string, table: HostFunctionTable) =>
    Object.keys(table).map((name) => ({ module, name }));
  return [
    ...names("env", abiFunctions),
    ...names("env", environmentFunctions),
    ...names("wasi_snapshot_preview1", wasiFunctions),
  ];
}

/** Whether a module belongs to WASI: its functions have errors of its own. */
export function isWasi(module: string): boolean {
  return wasiModules.includes(module);
}

/** Whether the host has a function that a module imports. */
export function isKnownImport(module: string, name: string): boolean {
  return hostFunction(module, name) !== undefined;
}

/** Whether an allow-list of imports lets a function be called. */
export function isAllowed(list: readonly string[] | undefined, name: string): boolean {
  if (list === undefined || alwaysAllowed.has(name)) return true;
  const meant = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  return list.includes(name) || list.includes("*") || (meant !== undefined && list.includes(meant));
}

function own(table: HostFunctionTable, name: string): HostFunction | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
