/** An import or export, e.g. `{ module: "env", name: "proxy_log", kind: "function", type: "(i32, i32, i32) -> i32" }`. */
export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: "function" | "global" | "memory" | "table" | "tag";
  /** Signature of functions, e.g. `(i32, i32) -> i32`; type of the others in words. */
  readonly type: string;
}

export type ModuleExport = Omit<ModuleImport, "module">;

/** Which interface a module speaks. */
export type Abi = "proxy-wasm 0.1.0" | "proxy-wasm 0.2.0" | "proxy-wasm 0.2.1" | "wasi-command";

/** What the sections of a module say about it. */
export interface ModuleInfo {
  /** Octets of the file. */
  readonly bytes: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** By its marker export; without one 0.2.0 when it exports callbacks of proxy-wasm; undefined: none of them. */
  readonly abi: Abi | undefined;
  readonly imports: readonly ModuleImport[];
  readonly exports: readonly ModuleExport[];
  /** Functions defined in it. */
  readonly functions: number;
  /** Pages of 64 KiB: what it begins with, and the most that it asks for; undefined: no maximum, or no memory. */
  readonly memory: { readonly initial: number; readonly maximum: number | undefined; readonly imported: boolean } | undefined;
  /** Which tool made it, by section `producers`, e.g. `rustc 1.63.0`; empty when it does not say. */
  readonly producers: readonly string[];
} // prettier-ignore
