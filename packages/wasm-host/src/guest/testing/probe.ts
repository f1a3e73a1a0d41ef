import { hostFunction } from "../../abi/import-table.ts";
import { wat } from "../../testing/wat.ts";

/** Where host functions write what they return. */
export const out = 64;
export const out2 = 68;
export const out3 = 72;
/** Not a place in the memory of a probe. */
export const outside = 0xffff_fff0;

const digits = 1024;
const firstData = 4096;
const reportLevel = 5;

/** Callbacks that return something, and what when the test does not say. */
const returning: Readonly<Record<string, number>> = {
  main: 0,
  proxy_on_done: 1,
  proxy_on_vm_start: 1,
  proxy_on_configure: 1,
  proxy_on_request_headers: 0,
  proxy_on_request_body: 0,
  proxy_on_request_trailers: 0,
  proxy_on_response_headers: 0,
  proxy_on_response_body: 0,
  proxy_on_response_trailers: 0,
};

const parameters: Readonly<Record<string, number>> = {
  _initialize: 0,
  _start: 0,
  proxy_get_id: 0,
  proxy_on_tick: 1,
  proxy_on_done: 1,
  proxy_on_log: 1,
  proxy_on_delete: 1,
  proxy_on_request_headers: 3,
  proxy_on_response_headers: 3,
  proxy_on_request_body: 3,
  proxy_on_response_body: 3,
  proxy_on_http_call_response: 5,
  proxy_on_grpc_receive_initial_metadata: 3,
  proxy_on_grpc_receive: 3,
  proxy_on_grpc_receive_trailing_metadata: 3,
  proxy_on_grpc_close: 3,
};

/** What a probe does in its callbacks: WebAssembly text. */
export type ProbeCallbacks = Readonly<Record<string, string>>;

/**
 * Writes a module that calls host functions in its callbacks and reports, by proxy_log at level 5, what they return:
 * a line of two digits for each status, and texts where asked.
 */
export class Probe {
  readonly #imports = new Map<string, string>();
  readonly #data: Buffer[] = [];
  #end = firstData;

  constructor() {
    this.#import("env", "proxy_log");
  }

  /** Calls a host function and reports its status. Texts are passed as pointer and length. */
  call(name: string, ...args: (number | bigint | string | Uint8Array)[]): string {
    return `(call $report ${this.run(name, ...args)})`;
  }

  /** Calls a host function; its result stays on the stack. A name is of module `env` unless it has one: `wasi:fd_write`. */
  run(name: string, ...args: (number | bigint | string | Uint8Array)[]): string {
    const id = name.startsWith("wasi:")
      ? this.#import("wasi_snapshot_preview1", name.slice(5))
      : this.#import("env", name);
    return `(call $${id} ${args.map((arg) => this.#arg(arg)).join(" ")})`;
  }

  /** Reports the octets that a pointer at `pointerAt` and a length at `sizeAt` mean. */
  show(pointerAt: number = out, sizeAt: number = out2): string {
    return `(drop (call $env_proxy_log (i32.const ${reportLevel}) (i32.load (i32.const ${pointerAt})) (i32.load (i32.const ${sizeAt}))))`;
  }

  /** Reports a text of the test. */
  say(text: string): string {
    return `(drop ${this.run("proxy_log", reportLevel, text)})`;
  }

  /** Reports a number below 90 at an address. */
  showNumber(at: number): string {
    return `(call $report (i32.load (i32.const ${at})))`;
  }

  /** Puts octets into the memory. */
  place(bytes: Uint8Array): number {
    const at = this.#end;
    this.#data.push(Buffer.from(bytes));
    this.#end += bytes.length;
    return at;
  }

  /** @param fields anything else; `allocator` and `memory` in place of the usual ones */
  text(
    callbacks: ProbeCallbacks,
    options: { fields?: string; allocator?: string; memory?: string } = {},
  ): string {
    const functions = Object.entries(callbacks).map(([name, body]) => callback(name, body));
    return `(module
      ${[...this.#imports.values()].join("\n")}
      ${options.memory ?? '(memory (export "memory") 2)'}
      (global $top (mut i32) (i32.const 65536))
      (data (i32.const ${digits}) "${Array.from({ length: 90 }, (_value, n) => String(n).padStart(2, "0")).join("")}")
      (data (i32.const ${firstData}) "${escaped(Buffer.concat(this.#data))}")
      (func $report (param i32)
        (drop (call $env_proxy_log (i32.const ${reportLevel})
          (i32.add (i32.const ${digits}) (i32.mul (local.get 0) (i32.const 2))) (i32.const 2))))
      ${options.allocator ?? bumpAllocator}
      ${options.fields ?? ""}
      ${functions.join("\n")})`;
  }

  async module(...args: Parameters<Probe["text"]>): Promise<WebAssembly.Module> {
    return new WebAssembly.Module(await wat(this.text(...args)));
  }

  #import(module: string, name: string): string {
    const id = `${module === "env" ? "env" : "wasi"}_${name}`;
    const params = (hostFunction(module, name)?.params ?? "").split("").map(valueType).join(" ");
    const result = name === "proc_exit" || name === "abort" ? "" : "(result i32)";
    this.#imports.set(
      id,
      `(import "${module}" "${name}" (func $${id} (param ${params}) ${result}))`,
    );
    return id;
  }

  #arg(arg: number | bigint | string | Uint8Array): string {
    if (typeof arg === "number") return `(i32.const ${arg})`;
    if (typeof arg === "bigint") return `(i64.const ${arg})`;
    const bytes = typeof arg === "string" ? Buffer.from(arg) : arg;
    return `(i32.const ${this.place(bytes)}) (i32.const ${bytes.length})`;
  }
}

const bumpAllocator = `(func (export "proxy_on_memory_allocate") (param i32) (result i32) (local $at i32)
  (local.set $at (global.get $top))
  (global.set $top (i32.add (global.get $top) (local.get 0)))
  (local.get $at))`;

function callback(name: string, body: string): string {
  const result = returning[name];
  const params = "i32 ".repeat(parameters[name] ?? 2);
  const ending = result === undefined ? "" : `(i32.const ${result})`;
  return `(func (export "${name}") (param ${params}) ${result === undefined ? "" : "(result i32)"} ${body} ${ending})`;
}

function valueType(letter: string): string {
  if (letter === "I") return "i64";
  return letter === "d" ? "f64" : "i32";
}

function escaped(bytes: Buffer): string {
  return bytes.toString("hex").replaceAll(/../gu, String.raw`\$&`);
}
