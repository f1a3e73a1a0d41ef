import { WasmStatus } from "../model/host-calls.ts";
import { callable } from "./callable.ts";
import { hostFunction, isAllowed, isWasi } from "./import-table.ts";
import type { GuestScope } from "./guest-scope.ts";
import { WasiErrno } from "./wasi.ts";

const pageBytes = 64 * 1024;
const warning = 3;
/** First size of an imported memory whose declaration is not known, pages: what emscripten asks for. */
const commonPages = 256;
const commonElements = 1024;

const known = new WeakMap<WebAssembly.Module, readonly WebAssembly.ImportDescriptor[]>();

/** What a module imports. Asked once per module: reading it is slower than an instance. */
function importsOf(module: WebAssembly.Module): readonly WebAssembly.ImportDescriptor[] {
  let imports = known.get(module);
  if (imports === undefined) {
    imports = WebAssembly.Module.imports(module);
    known.set(module, imports);
  }
  return imports;
}

/** A module imports functions that ask the main thread: where those suspend, its exports have to be called for it. */
export function mayBeSuspended(module: WebAssembly.Module): boolean {
  return importsOf(module).some(
    ({ module: from, name }) => hostFunction(from, name)?.kind === "asking",
  );
}

/**
 * All that a module imports, made for one guest. A memory among it is the guest's.
 *
 * @throws Error an import that the host does not have
 */
export function link(
  module: WebAssembly.Module,
  scope: GuestScope,
): { imports: WebAssembly.Imports; memory: WebAssembly.Memory | undefined } {
  const imports: WebAssembly.Imports = {};
  let memory: WebAssembly.Memory | undefined;
  for (const descriptor of importsOf(module)) {
    const made = imported(descriptor, scope);
    (imports[descriptor.module] ??= {})[descriptor.name] = made;
    if (made instanceof WebAssembly.Memory) memory = made;
  }
  return { imports, memory };
}

function imported(
  descriptor: WebAssembly.ImportDescriptor,
  scope: GuestScope,
): WebAssembly.ExportValue {
  switch (descriptor.kind) {
    case "function":
      return importedFunction(descriptor, scope);
    case "memory":
      return importedMemory(scope);
    case "table":
      return new WebAssembly.Table({
        element: "anyfunc",
        initial: Math.min(commonElements, scope.spec.tableElements),
        maximum: scope.spec.tableElements,
      });
    case "global":
    case "tag":
      throw new Error(
        `import "${descriptor.module}.${descriptor.name}" is a ${descriptor.kind}: not supported`,
      );
  }
}

function importedFunction(
  { module, name }: WebAssembly.ImportDescriptor,
  scope: GuestScope,
): Function {
  const fn = hostFunction(module, name);
  if (fn === undefined) throw new Error(`import "${module}.${name}" is unknown`);
  return isAllowed(scope.spec.hostFunctions, name)
    ? callable(fn, scope)
    : denied(module, name, scope);
}

function denied(module: string, name: string, scope: GuestScope): () => number {
  let told = false;
  return () => {
    if (!told)
      scope.log.line(
        warning,
        `"${name}" is not among the host functions that it may call: add it to capabilities.host_functions`,
      );
    told = true;
    return isWasi(module) ? WasiErrno.NOTCAPABLE : WasmStatus.UNIMPLEMENTED;
  };
}

function importedMemory({ spec, environment }: GuestScope): WebAssembly.Memory {
  const most = Math.floor(spec.memoryBytes / pageBytes);
  const declared = spec.importedMemory ?? { initial: commonPages, maximum: undefined };
  const initial = Math.min(declared.initial, most);
  const maximum = Math.min(declared.maximum ?? most, most);
  return environment.memory?.(initial, maximum) ?? new WebAssembly.Memory({ initial, maximum });
}
