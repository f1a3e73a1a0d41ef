import { type HostAnswer, type HostCall, WasmStatus } from "../model/host-calls.ts";
import { asking, type HostFunctionTable } from "./host-function.ts";
import { refusal } from "./refusal.ts";

/** One foreign function: how many arguments it takes, what it asks, what it returns. */
interface ForeignFunction {
  readonly count: number;
  readonly call: (args: Arguments) => HostCall;
  readonly result: (answer: HostAnswer) => Uint8Array;
}

/** Arguments by position. */
interface Arguments {
  text(index: number): string;
  octets(index: number): Uint8Array;
}

const noValue = new Uint8Array(0);
const nothing = (): Uint8Array => noValue;
const value = (answer: HostAnswer): Uint8Array => answer.value;

/** The answer's number as u32 little endian. */
function number({ extra }: HostAnswer): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(extra);
  return octets;
}

/**
 * The Runtime API for guests whose SDK knows only the specification: names for `proxy_call_foreign_function`.
 *
 * The arguments are octets: u32 count, u32 length of each, all little endian, then all arguments one after the other. They
 * are those of the functions in `layotto-functions.ts` in the same order; `seconds` is 4 octets, u32 little endian. The
 * result is the value; `acquired` and the result of `unlock` are u32, the id is i64, both little endian; the other functions
 * return nothing. A name that is not listed is NOT_FOUND, arguments that are not in this form are BAD_ARGUMENT, otherwise
 * the status is that of the function.
 */
const functions: Readonly<Record<string, ForeignFunction>> = {
  "layotto.get_state": {
    count: 2,
    call: (args) => ({ op: "get_state", args: [args.text(0), args.text(1)] }),
    result: value,
  },
  "layotto.set_state": {
    count: 3,
    call: (args) => ({ op: "save_state", args: [args.text(0), args.text(1), args.octets(2)] }),
    result: nothing,
  },
  "layotto.delete_state": {
    count: 2,
    call: (args) => ({ op: "delete_state", args: [args.text(0), args.text(1)] }),
    result: nothing,
  },
  "layotto.publish_event": {
    count: 4,
    call: (args) => ({
      op: "publish_event",
      args: [args.text(0), args.text(1), args.text(2), args.octets(3)],
    }),
    result: nothing,
  },
  "layotto.try_lock": {
    count: 4,
    call: (args) => ({
      op: "try_lock",
      args: [args.text(0), args.text(1), args.text(2), secondsOf(args.octets(3))],
    }),
    result: number,
  },
  "layotto.unlock": {
    count: 3,
    call: (args) => ({ op: "unlock", args: [args.text(0), args.text(1), args.text(2)] }),
    result: number,
  },
  "layotto.get_next_id": {
    count: 2,
    call: (args) => ({ op: "get_next_id", args: [args.text(0), args.text(1)] }),
    result: value,
  },
  "layotto.get_secret": {
    count: 2,
    call: (args) => ({ op: "get_secret", args: [args.text(0), args.text(1)] }),
    result: value,
  },
  "layotto.get_configuration_item": {
    count: 2,
    call: (args) => ({ op: "get_configuration", args: [args.text(0), args.text(1)] }),
    result: value,
  },
  "layotto.invoke_service": {
    count: 3,
    call: (args) => ({ op: "invoke_service", args: [args.text(0), args.text(1), args.octets(2)] }),
    result: value,
  },
};

/** proxy_call_foreign_function (proxy-wasm/spec v0.2.1, "Foreign function interface"). */
export const foreignFunctions: HostFunctionTable = {
  proxy_call_foreign_function: asking(
    "iiiiii",
    ({ memory }, name, nameLength, args, argsLength) => {
      const fn = find(memory.text(name, nameLength));
      return fn === undefined
        ? WasmStatus.NOT_FOUND
        : fn.call(read(memory.copy(args, argsLength), fn.count));
    },
    ({ memory }, answer, name, nameLength, _args, _argsLength, resultOut, sizeOut) => {
      // Results are optional: nothing is written to address 0.
      if (resultOut === 0) return WasmStatus.OK;
      const fn = find(memory.text(name, nameLength));
      if (fn === undefined) return WasmStatus.INTERNAL_FAILURE;
      return memory.give(fn.result(answer), resultOut, sizeOut);
    },
  ),
};

function find(name: string): ForeignFunction | undefined {
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}

/** @throws Refusal BAD_ARGUMENT: not so many arguments, or lengths that do not fit */
function read(bytes: Uint8Array, count: number): Arguments {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const head = 4 + count * 4;
  if (buffer.length < head || buffer.readUInt32LE(0) !== count)
    throw refusal(WasmStatus.BAD_ARGUMENT);
  const parts: Buffer[] = [];
  let at = head;
  for (let index = 0; index < count; index += 1) {
    const end = at + buffer.readUInt32LE(4 + index * 4);
    if (end > buffer.length) throw refusal(WasmStatus.BAD_ARGUMENT);
    parts.push(buffer.subarray(at, end));
    at = end;
  }
  if (at !== buffer.length) throw refusal(WasmStatus.BAD_ARGUMENT);
  const part = (index: number): Buffer => parts[index] ?? Buffer.alloc(0);
  return {
    text: (index) => part(index).toString("utf8"),
    octets: (index) => new Uint8Array(part(index)),
  };
}

function secondsOf(octets: Uint8Array): number {
  if (octets.length !== 4) throw refusal(WasmStatus.BAD_ARGUMENT);
  return new DataView(octets.buffer, octets.byteOffset).getUint32(0, true);
}
