import { isKnownImport } from "../abi/import-table.ts";
import type { Limits } from "../model/definition.ts";
import type { ModuleInfo } from "../model/module-info.ts";
import { checkExports, checkImports } from "../module/check-module.ts";
import { prepareModule } from "../module/prepare.ts";

/**
 * Checks, limits and compiles a module on this thread.
 *
 * @throws WasmError what is wrong with it
 */
export function prepareHere(
  bytes: Uint8Array,
  limits: Limits,
): { module: WebAssembly.Module; info: ModuleInfo } {
  const prepared = prepareModule(bytes, limits);
  checkExports(prepared.info, "proxy-wasm");
  checkImports(prepared.info, isKnownImport);
  return { module: new WebAssembly.Module(prepared.bytes), info: prepared.info };
}
