import type { Limits } from "../model/definition.ts";
import type { ModuleInfo } from "../model/module-info.ts";
import { checkExports, checkImports } from "../module/check-module.ts";
import { prepareModule } from "../module/prepare.ts";
import { quote, refuse } from "../module/refuse.ts";
import { trialModule } from "./trial-module.ts";

/** A program that is held to its limits. */
export interface PreparedCommand {
  readonly bytes: Uint8Array;
  /** See {@link trialModule}. */
  readonly trial: Uint8Array;
  /** Of the module as it was given. */
  readonly info: ModuleInfo;
}

/** Modules whose functions the SDK has; which of them there are shows when the trial is run. */
const offered = /^(?:wasi_unstable|wasi_snapshot_preview1|wasix_32v1)$/u;

/** A call is one program on one thread: what it starts beside it would go on when it has ended. */
const multiplying = /^(?:proc_(?:exec|fork|spawn)|thread_spawn)/u;

/**
 * Checks and limits a program.
 *
 * @throws WasmError what is wrong with it
 */
export function prepareCommand(bytes: Uint8Array, limits: Limits): PreparedCommand {
  const prepared = prepareModule(bytes, limits);
  checkExports(prepared.info, "wasi-command");
  checkNoGuest(prepared.info);
  checkImports(prepared.info, (module, name) => offered.test(module) && !multiplying.test(name));
  if (prepared.info.memory === undefined)
    refuse("EXPORT_MISSING", "the module has no memory, so nothing can be handed to it; build it as a program"); // prettier-ignore
  return { ...prepared, trial: trialModule(prepared.bytes) };
}

/** @throws WasmError `UNKNOWN_IMPORT` when it is a module for the other adapter */
function checkNoGuest({ imports }: ModuleInfo): void {
  const found = imports.find(({ module, name }) => module === "env" && name.startsWith("proxy_"));
  if (found === undefined) return;
  refuse("UNKNOWN_IMPORT", `the module imports ${quote(`env.${found.name}`)}, which programs do not get; set \`adapter: proxy-wasm\``); // prettier-ignore
}
