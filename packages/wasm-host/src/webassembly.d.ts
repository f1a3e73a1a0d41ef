// The part of the WebAssembly JavaScript interface that is used here; @types/node has none of it.
declare namespace WebAssembly {
  type ExternKind = "function" | "global" | "memory" | "table" | "tag";
  interface ExportDescriptor {
    readonly name: string;
    readonly kind: ExternKind;
  }
  interface ImportDescriptor extends ExportDescriptor {
    readonly module: string;
  }
  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): ImportDescriptor[];
    static exports(module: Module): ExportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Table {
    constructor(descriptor: {
      element: "anyfunc" | "externref";
      initial: number;
      maximum?: number;
    });
    readonly length: number;
    grow(by: number): number;
  }
  class Global<T = number | bigint> {
    constructor(descriptor: { value: string; mutable?: boolean }, value?: T);
    value: T;
  }
  type ExportValue = Function | Memory | Table | Global;
  type Imports = Record<string, Record<string, Function | Memory | Table | Global>>;
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, ExportValue>>;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
  function validate(bytes: Uint8Array): boolean;
  function compile(bytes: Uint8Array): Promise<Module>;
  /** JavaScript Promise Integration; undefined before V8 13.6 (Node 24). */
  const Suspending: (new (fn: (...args: never[]) => Promise<unknown>) => Function) | undefined;
  const promising: ((fn: Function) => (...args: unknown[]) => Promise<unknown>) | undefined;
}
