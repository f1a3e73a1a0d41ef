import type { FakeHost } from "../../guest/testing/fake-host.ts";
import { WasmStatus, type HostAnswer, type HostCall } from "../../model/host-calls.ts";

const NOT_HELD = 0;

/** The Runtime API and the shared data of one function, in memory. */
export class FakeLayotto {
  readonly state = new Map<string, Uint8Array>();
  readonly published: string[] = [];
  readonly #shared = new Map<string, { value: Uint8Array; cas: number }>();
  readonly #queue: Uint8Array[] = [];
  #metric = 0n;
  /** Number of the latest call-out. */
  #httpCall = 76;

  /** For `FakeHost.answer`. */
  readonly answer: FakeHost["answer"] = (call) =>
    this.#stateCall(call) ?? this.#sharedCall(call) ?? other(call);

  #stateCall(call: HostCall): Partial<HostAnswer> | undefined {
    switch (call.op) {
      case "get_state":
        return { value: this.state.get(call.args.join("/")) ?? new Uint8Array() };
      case "save_state":
        this.state.set(call.args.slice(0, 2).join("/"), Buffer.from(call.args[2]));
        return {};
      case "delete_state":
        this.state.delete(call.args.join("/"));
        return {};
      case "publish_event":
        this.published.push(call.args.map((part) => Buffer.from(part).toString()).join(" "));
        return {};
      default:
        return undefined;
    }
  }

  #sharedCall(call: HostCall): Partial<HostAnswer> | undefined {
    switch (call.op) {
      case "get_shared_data": {
        const entry = this.#shared.get(call.args[0]);
        return entry === undefined
          ? { status: WasmStatus.NOT_FOUND }
          : { value: entry.value, extra: entry.cas };
      }
      case "set_shared_data": {
        const [key, value, cas] = call.args;
        const known = this.#shared.get(key)?.cas ?? 0;
        if (cas !== 0 && cas !== known) return { status: WasmStatus.CAS_MISMATCH };
        this.#shared.set(key, { value: Buffer.from(value), cas: known + 1 });
        return {};
      }
      case "enqueue":
        this.#queue.push(Buffer.from(call.args[1]));
        return {};
      case "dequeue": {
        const value = this.#queue.shift();
        return value === undefined ? { status: WasmStatus.EMPTY } : { value };
      }
      case "http_call":
        this.#httpCall += 1;
        return { extra: this.#httpCall };
      case "increment_metric":
        this.#metric += call.args[1];
        return {};
      case "get_metric":
        return { value: long(this.#metric) };
      default:
        return undefined;
    }
  }
}

function other(call: HostCall): Partial<HostAnswer> {
  switch (call.op) {
    case "try_lock":
      return { extra: 1 };
    case "unlock":
      return { extra: NOT_HELD };
    case "get_next_id":
      return { value: long(7_000_000_000n) };
    case "get_secret":
      return { value: pairs({ user: "admin" }) };
    case "get_configuration":
      return { value: Buffer.from("blue") };
    case "register_queue":
      return { extra: 5 };
    case "define_metric":
      return { extra: 9 };
    default:
      return { status: WasmStatus.INTERNAL_FAILURE };
  }
}

function long(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

/** A map as it crosses to guests (proxy-wasm/spec v0.2.1, "Serialization"). */
export function pairs(map: Readonly<Record<string, string>>): Uint8Array {
  const parts = Object.entries(map).flat();
  const words = Buffer.alloc(4 + 4 * parts.length);
  words.writeUInt32LE(parts.length / 2);
  for (const [i, part] of parts.entries()) words.writeUInt32LE(Buffer.byteLength(part), 4 + 4 * i);
  return Buffer.concat([words, ...parts.map((part) => Buffer.from(`${part}\0`))]);
}
