import type { FunctionDefinition } from "../model/definition.ts";
import type { ModuleImport, ModuleInfo } from "../model/module-info.ts";
import { quote, refuse } from "./refuse.ts";

/** Most imports that a text names. */
const named = 10;

/** What imports from a module that this host does not have usually mean. */
const cures: readonly (readonly [RegExp, string])[] = [
  [/^(go|gojs)$/u, "build it with GOOS=wasip1, not for browsers"],
  [/^(wbg|__wbindgen.*|\.\/.*_bg\.js)$/u, "build it without wasm-bindgen, which is for browsers"],
  [/^wasi:/u, "build it for WASI preview 1 (wasm32-wasip1)"],
  [/^wasi_/u, "build it for WASI preview 1 (wasi_snapshot_preview1)"],
];

const cure =
  "build it without them; this host offers proxy-wasm 0.1.0 to 0.2.1, Layotto's functions and WASI preview 1";

/**
 * Refuses a module that imports what this host does not offer. Memories and tables are made for it; globals and tags
 * are never offered.
 *
 * @param known whether a function is offered
 * @throws WasmError `UNKNOWN_IMPORT` naming them
 */
export function checkImports(
  info: ModuleInfo,
  known: (module: string, name: string) => boolean,
): void {
  const unknown = info.imports.filter((each) => !isOffered(each, known));
  const [first] = unknown;
  if (first === undefined) return;
  const names = unknown.slice(0, named).map(text).join(", ");
  const more = unknown.length > named ? ` and ${unknown.length - named} more` : "";
  const hint = cures.find(([from]) => from.test(first.module))?.[1] ?? cure;
  refuse(
    "UNKNOWN_IMPORT",
    `the module imports what this host does not have: ${names}${more}; ${hint}`,
  );
}

function isOffered(each: ModuleImport, known: (module: string, name: string) => boolean): boolean {
  if (each.kind === "function") return known(each.module, each.name);
  return each.kind === "memory" || each.kind === "table";
}

/** E.g. `"env.proxy_log"`, `global "env.base"`. */
function text({ module, name, kind }: ModuleImport): string {
  const full = quote(`${module}.${name}`);
  return kind === "function" ? full : `${kind} ${full}`;
}

/**
 * Refuses a module that lacks what its host calls or reads.
 *
 * @throws WasmError `EXPORT_MISSING`
 */
export function checkExports(info: ModuleInfo, adapter: FunctionDefinition["adapter"]): void {
  const has = (kind: string, name: string): boolean =>
    info.exports.some((each) => each.kind === kind && each.name === name);
  if (adapter === "wasi-command") {
    if (!has("function", "_start"))
      refuse(
        "EXPORT_MISSING",
        'the module does not export the function "_start" of WASI commands; build it as a program, or set `adapter: proxy-wasm`',
      );
    return;
  }
  if (!has("memory", "memory") && info.memory?.imported !== true)
    refuse(
      "EXPORT_MISSING",
      'the module does not export its memory as "memory", so nothing can be handed to it; export it',
    );
}
