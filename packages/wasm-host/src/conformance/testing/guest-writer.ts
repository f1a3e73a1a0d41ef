import { type AbiVersion, callbacks, hostFunctions, parametersOf } from "../abi.ts";

/** Where host functions write what they return. */
export const out = 64;
export const out2 = 68;
export const out3 = 72;
/** Not an address in the memory of a guest. */
export const outside = 0xffff_fff0;

/** The number at an address, as an argument. */
export interface At {
  readonly at: number;
}
export type Arg = number | bigint | string | Uint8Array | At;

/** What a callback does and reports. */
export interface FullPart {
  readonly body: string;
  /** What it returns: a number, or an instruction. Default: what lets the host go on. */
  readonly result?: number | string;
  /** What it does before, each time, without a report. */
  readonly always?: string;
}
export type Part = string | FullPart;

const digits = 1024;
const line = 2048;
const firstData = 4096;
const heap = 131_072;
/** proxy_log at level critical. */
const reportLevel = 5;
const answersTrue = new Set(["proxy_on_done", "proxy_on_vm_start", "proxy_on_configure"]);

/** How a guest is put together. */
export interface GuestOptions {
  readonly version?: AbiVersion;
  /** Fields of the module beside its callbacks. */
  readonly fields?: string;
  /** In place of the usual allocator, which is exported as `proxy_on_memory_allocate`. */
  readonly allocator?: string;
  readonly memory?: string;
  /** Report of each callback only when it is called for the first time; later calls do nothing. */
  readonly once?: boolean;
}

/**
 * Writes a guest in WebAssembly text. Each callback reports by one line of the log: its name, then what it found: statuses
 * as two digits, and texts.
 */
export class GuestWriter {
  readonly #imports = new Map<string, string>();
  readonly #data: Buffer[] = [];
  #end = firstData;

  constructor() {
    this.#import("proxy_log");
  }

  /** Calls a host function and reports its status. */
  status(name: string, ...args: readonly Arg[]): string {
    return `(call $note ${this.run(name, ...args)})`;
  }

  /** Calls a host function; its status stays on the stack. Texts and octets are passed as address and length. */
  run(name: string, ...args: readonly Arg[]): string {
    return `(call $${this.#import(name)} ${args.map((arg) => this.#arg(arg)).join(" ")})`;
  }

  /** Calls a host function. */
  quietly(name: string, ...args: readonly Arg[]): string {
    return `(drop ${this.run(name, ...args)})`;
  }

  /** Reports a number below 90. */
  number(instruction: string): string {
    return `(call $note ${instruction})`;
  }

  /** Reports a parameter of the callback. */
  param(index: number): string {
    return this.number(`(local.get ${index})`);
  }

  /** Reports the octets whose address and length are at these addresses, in brackets. */
  show(pointerAt: number = out, sizeAt: number = out2): string {
    return `(call $text (i32.load (i32.const ${pointerAt})) (i32.load (i32.const ${sizeAt})))`;
  }

  /** Puts octets into the memory. @returns where they are */
  place(bytes: Uint8Array): number {
    const at = this.#end;
    this.#data.push(Buffer.from(bytes));
    this.#end += bytes.length;
    return at;
  }

  /** The module, as text. */
  text(parts: Readonly<Record<string, Part>>, options: GuestOptions = {}): string {
    const { version = "0.2.1" } = options;
    const functions = Object.entries(parts).map(([name, part]) =>
      this.#callback(name, typeof part === "string" ? { body: part } : part, { version, ...options }),
    ); // prettier-ignore
    return `(module
      ${[...this.#imports.values()].join("\n")}
      ${options.memory ?? '(memory (export "memory") 4)'}
      (global $top (mut i32) (i32.const ${heap}))
      (global $at (mut i32) (i32.const ${line}))
      (data (i32.const ${digits}) "${Array.from({ length: 90 }, (_value, n) => String(n).padStart(2, "0")).join("")}")
      (data (i32.const ${firstData}) "${escaped(Buffer.concat(this.#data))}")
      (func (export "proxy_abi_version_${version.replaceAll(".", "_")}"))
      ${helpers}
      ${options.allocator ?? allocator("proxy_on_memory_allocate")}
      ${options.fields ?? ""}
      ${functions.join("\n")})`;
  }

  #callback(name: string, { body, result = resultOf(name), always = "" }: FullPart, options: GuestOptions & { version: AbiVersion }): string {
    const params = "i32 ".repeat(parametersOf(name, options.version));
    const hasResult = callbacks[name]?.result === true;
    const title = Buffer.from(`${name.replace(/^proxy_on_/u, "")} `);
    const says = `(call $begin (i32.const ${this.place(title)}) (i32.const ${title.length})) ${body} (call $end)`;
    const once = `(if (i32.eqz (global.get $seen_${name})) (then (global.set $seen_${name} (i32.const 1)) ${says}))`;
    return `${options.once === true ? `(global $seen_${name} (mut i32) (i32.const 0))` : ""}
      (func (export "${name}") (param ${params}) ${hasResult ? "(result i32)" : ""}
        ${always} ${options.once === true ? once : says}
        ${hasResult ? (typeof result === "number" ? `(i32.const ${result})` : result) : ""})`;
  } // prettier-ignore

  #import(name: string): string {
    const params = hostFunctions[name];
    if (params === undefined) throw new Error(`"${name}" is not in the table of host functions`);
    const from = name.startsWith("proxy_") ? "env" : "wasi_snapshot_preview1";
    const types = params
      .split("")
      .map((letter) => (letter === "I" ? "i64" : "i32"))
      .join(" ");
    this.#imports.set(
      name,
      `(import "${from}" "${name}" (func $${name} (param ${types}) (result i32)))`,
    );
    return name;
  }

  #arg(arg: Arg): string {
    if (typeof arg === "number") return `(i32.const ${arg})`;
    if (typeof arg === "bigint") return `(i64.const ${arg})`;
    if (typeof arg === "object" && "at" in arg && !(arg instanceof Uint8Array))
      return `(i32.load (i32.const ${arg.at}))`;
    const bytes = typeof arg === "string" ? Buffer.from(arg) : arg;
    return `(i32.const ${this.place(bytes)}) (i32.const ${bytes.length})`;
  }
}

/** Gives room one after the other, under this name. */
export function allocator(name: string): string {
  return `(func (export "${name}") (param i32) (result i32) (local $room i32)
    (local.set $room (global.get $top))
    (global.set $top (i32.add (global.get $top) (local.get 0)))
    (local.get $room))`;
}

const helpers = `(func $copy (param $from i32) (param $size i32)
    (memory.copy (global.get $at) (local.get $from) (local.get $size))
    (global.set $at (i32.add (global.get $at) (local.get $size))))
  (func $note (param i32)
    (call $copy (i32.add (i32.const ${digits}) (i32.mul (local.get 0) (i32.const 2))) (i32.const 2)))
  (func $char (param i32)
    (i32.store8 (global.get $at) (local.get 0))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))
  (func $text (param i32 i32)
    (call $char (i32.const 91)) (call $copy (local.get 0) (local.get 1)) (call $char (i32.const 93)))
  (func $begin (param i32 i32)
    (global.set $at (i32.const ${line})) (call $copy (local.get 0) (local.get 1)))
  (func $end
    (drop (call $proxy_log (i32.const ${reportLevel}) (i32.const ${line})
      (i32.sub (global.get $at) (i32.const ${line})))))`;

function resultOf(name: string): number {
  return answersTrue.has(name) ? 1 : 0;
}

function escaped(bytes: Buffer): string {
  return bytes.toString("hex").replaceAll(/../gu, String.raw`\$&`);
}
