import { isKnownImport } from "../abi/import-table.ts";
import type { Isolation, Limits } from "../model/definition.ts";
import type { ModuleInfo } from "../model/module-info.ts";
import { checkExports, checkImports } from "../module/check-module.ts";
import { importMemory } from "../module/import-memory.ts";
import { prepareModule } from "../module/prepare.ts";

/**
 * Checks, limits and compiles a module on this thread.
 *
 * @throws WasmError what is wrong with it
 */
export function prepareHere(
  bytes: Uint8Array,
  limits: Limits,
  isolation: Isolation,
): { module: WebAssembly.Module; info: ModuleInfo } {
  const prepared = prepareModule(bytes, limits);
  checkExports(prepared.info, "proxy-wasm");
  checkImports(prepared.info, isKnownImport);
  // Guests that live for one call are given a memory, the others make their own.
  const code = isolation === "fresh" ? importMemory(prepared.bytes) : prepared.bytes;
  return { module: new WebAssembly.Module(code), info: prepared.info };
}
