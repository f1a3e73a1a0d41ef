import { wat } from "./wat.ts";

/** Host functions that guests of the tests import, with their parameters, all i32; all give a status. */
const parameters = {
  proxy_log: 3,
  proxy_get_buffer_bytes: 5,
  proxy_set_buffer_bytes: 5,
  proxy_get_header_map_value: 5,
  proxy_replace_header_map_value: 5,
  proxy_add_header_map_value: 5,
  proxy_set_property: 4,
  proxy_send_local_response: 8,
  proxy_get_state: 6,
  proxy_set_state: 6,
  proxy_delete_state: 4,
  proxy_publish_event: 8,
  proxy_try_lock: 8,
  proxy_unlock: 7,
  proxy_get_next_id: 5,
  proxy_get_secret: 6,
  proxy_get_configuration_item: 6,
  proxy_invoke_service: 8,
} as const;

/** A host function that {@link guest} can import. */
export type HostFunction = keyof typeof parameters;

/** Where host functions write an address, and behind it a length. */
export const out = "(i32.const 16) (i32.const 20)";
/** What they wrote there. */
export const written = "(i32.load (i32.const 16)) (i32.load (i32.const 20))";
/** The action that lets an exchange go on. */
export const goOn = "(i32.const 0)";
/** The action that stops it for now. */
export const pause = "(i32.const 1)";
/** Never ends. */
export const forEver = "(loop $again (br $again))";

const dataBegins = 1024;
const heapBegins = 65_536;

/** Texts in the memory of a guest. */
export class Texts {
  readonly #segments: string[] = [];
  #end = dataBegins;

  /** Puts a text into the memory; gives its address and length as two arguments. */
  readonly text = (value: string): string => {
    const bytes = Buffer.from(value);
    const at = this.#end;
    this.#end += bytes.length;
    if (this.#end > heapBegins) throw new Error("the texts of a guest are longer than its page");
    const escaped = [...bytes].map((each) => `\\${each.toString(16).padStart(2, "0")}`).join("");
    this.#segments.push(`(data (i32.const ${at}) "${escaped}")`);
    return `(i32.const ${at}) (i32.const ${bytes.length})`;
  };

  get segments(): string {
    return this.#segments.join("\n  ");
  }
}

/** Code of a callback as WebAssembly text; it is given the means to put texts into the memory. */
export type Code = (text: Texts["text"]) => string;

/** What a guest does. */
export interface GuestParts {
  /** Further host functions; the two for buffers are there always. */
  readonly imports?: readonly HostFunction[];
  /** What it says that it is (`proxy_get_id`). */
  readonly id?: string;
  /** Functions, globals, data. */
  readonly fields?: string;
  /** Pages of memory. Default 2. */
  readonly pages?: string;
  readonly onStart?: Code;
  readonly onConfigure?: Code;
  readonly onRequestHeaders?: Code;
  /** `$size` and `$end` are its parameters; leaves the action. */
  readonly onRequestBody?: Code;
  readonly onResponseHeaders?: Code;
  readonly onResponseBody?: Code;
}

/** Reads the whole body of a buffer; `$size` must be there. */
export function readBuffer(kind: number): string {
  return `(drop (call $proxy_get_buffer_bytes (i32.const ${kind}) (i32.const 0) (local.get $size) ${out}))`;
}

/** Replaces a buffer by an address and a length. */
export function writeBuffer(kind: number, value: string): string {
  return `(drop (call $proxy_set_buffer_bytes (i32.const ${kind}) (i32.const 0) (i32.const 0x7fffffff) ${value}))`;
}

/** Answers a text. */
export function answering(value: string): Code {
  return (text) => `${writeBuffer(1, text(value))} ${goOn}`;
}

/** Replaces one octet by another in a whole buffer: the message stays as long as it is. */
export const replacing =
  (kind: number, from: string, to: string): Code =>
  () => `(local $at i32) (local $past i32)
    ${readBuffer(kind)}
    (local.set $at (i32.load (i32.const 16)))
    (local.set $past (i32.add (local.get $at) (i32.load (i32.const 20))))
    (block $done (loop $again
      (br_if $done (i32.ge_u (local.get $at) (local.get $past)))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const ${from.charCodeAt(0)}))
        (then (i32.store8 (local.get $at) (i32.const ${to.charCodeAt(0)}))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $again)))
    (drop (call $proxy_set_buffer_bytes (i32.const ${kind}) (i32.const 0) (i32.load (i32.const 20)) ${written}))
    ${goOn}`;

const headers = "(param $ctx i32) (param $count i32) (param $end i32)";
const body = "(param $ctx i32) (param $size i32) (param $end i32)";

/** A module for proxy-wasm 0.2.1. Its allocator begins anew with each context. */
export function guest(parts: GuestParts = {}): Promise<Buffer> {
  return wat(guestText(parts));
}

/** The text of {@link guest}. */
export function guestText(parts: GuestParts): string {
  const texts = new Texts();
  const callback = (name: string, signature: string, code: Code | undefined): string =>
    code === undefined ? "" : `(func (export "${name}") ${signature}\n    ${code(texts.text)})`;
  const action = "(result i32)";
  const own = ({ id }: GuestParts): Code | undefined =>
    id === undefined ? undefined : (text) => writeBuffer(8, text(id));
  const callbacks = [
    callback("_initialize", "", parts.onStart),
    callback("proxy_get_id", "", own(parts)),
    callback("proxy_on_configure", `(param $ctx i32) (param $size i32) ${action}`, parts.onConfigure),
    callback("proxy_on_request_headers", `${headers} ${action}`, parts.onRequestHeaders),
    callback("proxy_on_request_body", `${body} ${action}`, parts.onRequestBody),
    callback("proxy_on_response_headers", `${headers} ${action}`, parts.onResponseHeaders),
    callback("proxy_on_response_body", `${body} ${action}`, parts.onResponseBody),
  ];
  return `(module
  ${importsOf(parts.imports ?? [])}
  (memory (export "memory") ${parts.pages ?? "2"})
  (global $top (mut i32) (i32.const ${heapBegins}))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.add (global.get $top) (local.get $size)))
    (local.get $at))
  (func (export "proxy_on_context_create") (param $ctx i32) (param $parent i32)
    (global.set $top (i32.const ${heapBegins})))
  ${parts.fields ?? ""}
  ${callbacks.filter((each) => each !== "").join("\n  ")}
  ${texts.segments}
)`;
} // prettier-ignore

function importsOf(further: readonly HostFunction[]): string {
  const names = new Set<HostFunction>(["proxy_get_buffer_bytes", "proxy_set_buffer_bytes", ...further]); // prettier-ignore
  return [...names]
    .map((name) => {
      const params = "i32 ".repeat(parameters[name]).trim();
      return `(import "env" "${name}" (func $${name} (param ${params}) (result i32)))`;
    })
    .join("\n  ");
}
