import type { Context, GuestScope } from "../abi/guest-scope.ts";
import { link, mayBeSuspended } from "../abi/link.ts";

/** Name of the exported i64 that counts down in instrumented modules. */
const fuelName = "__layotto_fuel";

/** One instance of a module: its exports as they are to be called, its memory, its fuel. */
export class GuestInstance {
  readonly #exports: Readonly<Record<string, WebAssembly.ExportValue>>;
  readonly #callable = new Map<string, Function | undefined>();
  readonly #fuel: WebAssembly.Global | undefined;
  /** Exports may be suspended in host calls. */
  readonly #suspends: boolean;
  readonly #scope: GuestScope;
  readonly #allocator: string;
  #entered = "the start function";

  /** @throws what instantiation throws, and what the start function does */
  constructor(module: WebAssembly.Module, scope: GuestScope) {
    this.#scope = scope;
    const { imports, memory: imported } = link(module, scope);
    // What a start function passes is in it; one that is exported is not there before the instance.
    scope.memory.attach(imported, undefined);
    this.#exports = new WebAssembly.Instance(module, imports).exports;
    this.#suspends = scope.environment.callAsync !== undefined && mayBeSuspended(module);
    scope.missingIsEmpty = isOld(this.#exports);
    const fuel = this.#exports[fuelName];
    this.#fuel = fuel instanceof WebAssembly.Global ? fuel : undefined;
    this.#allocator =
      this.#function("proxy_on_memory_allocate") === undefined
        ? "malloc"
        : "proxy_on_memory_allocate";
    const { memory = imported } = this.#exports;
    scope.memory.attach(
      memory instanceof WebAssembly.Memory ? memory : undefined,
      this.#function(this.#allocator),
    );
  }

  /** An export as it is to be called; from now on host functions act for `context`. undefined: there is none. */
  enter(name: string, context: Context | undefined): Function | undefined {
    const fn = this.#callable.get(name) ?? this.#find(name);
    if (fn === undefined) return undefined;
    this.#entered = name;
    this.#scope.context = context;
    return fn;
  }

  /** The export that was entered last, or the allocator when that is what failed in it. */
  get where(): string {
    return this.#scope.memory.allocatorFailed ? this.#allocator : this.#entered;
  }

  refuel(fuel: number): void {
    if (this.#fuel !== undefined) this.#fuel.value = BigInt(fuel);
  }

  /** What is left of the fuel; below 0: it ran out. */
  get fuelLeft(): number {
    return Number(this.#fuel?.value ?? 0);
  }

  #find(name: string): Function | undefined {
    if (this.#callable.has(name)) return undefined;
    const plain = this.#function(name);
    const fn =
      plain !== undefined && this.#suspends ? (WebAssembly.promising?.(plain) ?? plain) : plain;
    this.#callable.set(name, fn);
    return fn;
  }

  #function(name: string): Function | undefined {
    const value = this.#exports[name];
    return typeof value === "function" ? value : undefined;
  }
}

/** Marked as written for 0.1.0, and for nothing newer. */
function isOld(exports: object): boolean {
  return (
    "proxy_abi_version_0_1_0" in exports &&
    !("proxy_abi_version_0_2_0" in exports) &&
    !("proxy_abi_version_0_2_1" in exports)
  );
}
