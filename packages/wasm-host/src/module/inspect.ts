import { createHash } from "node:crypto";
import type { Abi, ModuleExport, ModuleInfo } from "../model/module-info.ts";
import { parseModule } from "./parse.ts";
import type { ParsedModule } from "./parsed-module.ts";
import { readProducers } from "./producers.ts";

/**
 * What a module says about itself. Contents of its functions are not looked at: compiling does that.
 *
 * @throws WasmError `NOT_A_MODULE`, `INVALID_MODULE`, `UNSUPPORTED_MODULE`
 */
export function inspectModule(bytes: Uint8Array): ModuleInfo {
  return describeModule(parseModule(bytes));
}

/** What a module that was read says about itself. */
export function describeModule(module: ParsedModule): ModuleInfo {
  const { bytes, imports, exports, sections } = module;
  return {
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    abi: abiOf(exports),
    imports,
    exports,
    functions: module.functions.length - module.importedFunctions,
    memory: memoryOf(module),
    producers: readProducers(bytes, sections),
  };
}

/** Marker exports of proxy-wasm, newest first. */
const markers: readonly (readonly [string, Abi])[] = [
  ["proxy_abi_version_0_2_1", "proxy-wasm 0.2.1"],
  ["proxy_abi_version_0_2_0", "proxy-wasm 0.2.0"],
  ["proxy_abi_version_0_1_0", "proxy-wasm 0.1.0"],
];

function abiOf(exports: readonly ModuleExport[]): Abi | undefined {
  const functions = new Set(exports.filter((e) => e.kind === "function").map((e) => e.name));
  const marked = markers.find(([name]) => functions.has(name));
  if (marked !== undefined) return marked[1];
  if ([...functions].some((name) => name.startsWith("proxy_on_"))) return "proxy-wasm 0.2.0";
  return functions.has("_start") ? "wasi-command" : undefined;
}

function memoryOf(module: ParsedModule): ModuleInfo["memory"] {
  const [memory] = module.memories;
  if (memory === undefined) return undefined;
  const { limits, imported } = memory;
  return { initial: limits.initial, maximum: limits.maximum, imported };
}
