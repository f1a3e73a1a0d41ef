import { WasmStatus } from "../model/host-calls.ts";
import { accepted, failed, refused, withValue } from "./answers.ts";
import { functionOf, type HostHandlers } from "./host-caller.ts";

/** What shared data may use up. */
export interface SharedDataLimits {
  /** Keys of one function. Default 10 000. */
  readonly keys: number;
  /** Keys and values of one function, octets. Default 16 MiB. */
  readonly bytes: number;
  /** The same of all functions together. Default 128 MiB. */
  readonly totalBytes: number;
}

export const sharedDataLimits: SharedDataLimits = {
  keys: 10_000,
  bytes: 16 * 1024 * 1024,
  totalBytes: 128 * 1024 * 1024,
};

/** What an entry costs beside its key and value, octets. */
const ENTRY_BYTES = 128;

interface Entry {
  readonly value: Uint8Array;
  readonly cas: number;
}

interface Space {
  readonly entries: Map<string, Entry>;
  bytes: number;
}

/**
 * Data that all instances and versions of a function share for as long as it is installed: its name is the VM id of
 * proxy-wasm. What is above a limit is refused with INTERNAL_FAILURE; nothing is dropped for it.
 */
export class SharedData {
  readonly #limits: SharedDataLimits;
  readonly #spaces = new Map<string, Space>();
  #totalBytes = 0;
  #lastCas = 0;

  constructor(limits: SharedDataLimits = sharedDataLimits) {
    this.#limits = limits;
  }

  /** Host calls. */
  handlers(): HostHandlers<"get_shared_data" | "set_shared_data"> {
    return {
      get_shared_data: (caller, [key], answer) => {
        const entry = this.#spaces.get(functionOf(caller))?.entries.get(key);
        answer(
          entry === undefined ? refused(WasmStatus.NOT_FOUND) : withValue(entry.value, entry.cas),
        );
      },
      set_shared_data: (caller, [key, value, cas], answer) => {
        const space = this.#space(functionOf(caller));
        if (cas !== 0 && space.entries.get(key)?.cas !== cas)
          return answer(refused(WasmStatus.CAS_MISMATCH));
        answer(this.#set(space, key, value) ? accepted : failed);
      },
    };
  }

  /** The function is uninstalled: its data goes. */
  forget(name: string): void {
    this.#totalBytes -= this.#spaces.get(name)?.bytes ?? 0;
    this.#spaces.delete(name);
  }

  #set(space: Space, key: string, value: Uint8Array): boolean {
    const before = space.entries.get(key);
    const more = costOf(key, value) - (before === undefined ? 0 : costOf(key, before.value));
    const { keys, bytes, totalBytes } = this.#limits;
    if (before === undefined && space.entries.size >= keys) return false;
    if (more > 0 && (space.bytes + more > bytes || this.#totalBytes + more > totalBytes))
      return false;
    space.bytes += more;
    this.#totalBytes += more;
    space.entries.set(key, { value, cas: this.#nextCas() });
    return true;
  }

  #space(name: string): Space {
    const found = this.#spaces.get(name) ?? { entries: new Map<string, Entry>(), bytes: 0 };
    this.#spaces.set(name, found);
    return found;
  }

  /** Numbers are u32; 0 means that none is asked for. */
  #nextCas(): number {
    this.#lastCas = this.#lastCas >= 0xffff_ffff ? 1 : this.#lastCas + 1;
    return this.#lastCas;
  }
}

function costOf(key: string, value: Uint8Array): number {
  return key.length * 2 + value.length + ENTRY_BYTES;
}
