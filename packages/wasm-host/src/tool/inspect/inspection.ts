import { isKnownImport } from "../../abi/import-table.ts";
import { WasmError } from "../../errors.ts";
import { defaultLimits } from "../../model/definition.ts";
import type { ModuleImport, ModuleInfo } from "../../model/module-info.ts";
import { checkExports, checkImports } from "../../module/check-module.ts";
import { inspectModule } from "../../module/inspect.ts";
import { prepareModule } from "../../module/prepare.ts";
import { messageOf } from "../tool-error.ts";
import { foreignFunction, type GrantKey, grantsOf, neededGrants } from "./grants.ts";

/** An import, and what this host makes of it. */
export interface InspectedImport extends ModuleImport {
  /** Whether this host offers it. */
  readonly known: boolean;
  /** Keys under `capabilities` that it needs a name under. */
  readonly grants: readonly GrantKey[];
}

/** What `layotto wasm inspect` finds; printed as it is by `--json`. */
export interface Inspection extends Omit<ModuleInfo, "imports"> {
  readonly file: string;
  readonly imports: readonly InspectedImport[];
  /** Key under `capabilities` → imports that need a name there. */
  readonly grants: Partial<Record<GrantKey, string[]>>;
  /** It may call the Runtime API by name, too: which grants it needs cannot be seen. */
  readonly foreignFunctions: boolean;
  /** Why it would be refused with the default limits; empty: it would be installed. */
  readonly problems: readonly { readonly reason: string; readonly message: string }[];
}

/**
 * Looks at a module as an installation does.
 *
 * @throws WasmError when it is no module that can be read
 */
export function inspect(file: string, bytes: Uint8Array): Inspection {
  const info = inspectModule(bytes);
  const known = info.abi === "wasi-command" ? isOfWasi : isKnownImport;
  return {
    file,
    ...info,
    imports: info.imports.map((each) => ({
      ...each,
      known: each.kind !== "function" || known(each.module, each.name),
      grants: grantsOf(each),
    })),
    grants: neededGrants(info.imports),
    foreignFunctions: info.imports.some(({ name }) => name === foreignFunction),
    problems: problemsOf(bytes, info, known),
  };
}

/** Commands run elsewhere: all that is seen here is which interface they are for. */
function isOfWasi(module: string): boolean {
  return /^(?:wasi_unstable|wasi_snapshot_preview1|wasix_32v1)$/u.test(module);
}

function problemsOf(
  bytes: Uint8Array,
  info: ModuleInfo,
  known: (module: string, name: string) => boolean,
): Inspection["problems"] {
  const adapter = info.abi === "wasi-command" ? "wasi-command" : "proxy-wasm";
  return [
    () => void prepareModule(bytes, defaultLimits),
    () => checkExports(info, adapter),
    () => checkImports(info, known),
    () => void new WebAssembly.Module(bytes),
  ].flatMap(problem);
}

function problem(check: () => void): Inspection["problems"] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof WasmError) return [{ reason: error.reason, message: error.message }];
    return [{ reason: "INVALID_MODULE", message: messageOf(error) }];
  }
}
