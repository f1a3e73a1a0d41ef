import type { MessagePort } from "node:worker_threads";
import type { Isolation, Limits } from "../model/definition.ts";
import type { GuestFault } from "../model/fault.ts";
import type { GuestSpec } from "../model/guest-spec.ts";
import type { GuestEvent, HostAnswer, HostCall } from "../model/host-calls.ts";
import type { ModuleInfo } from "../model/module-info.ts";
import type { PhaseInput, StreamInput, StreamOutput } from "../model/streams.ts";
import type { WasmReason } from "../errors.ts";

/** What a worker thread is started with. */
export interface WorkerStart {
  /** {@link ./control.ts Control} block, shared with the main thread. */
  readonly control: SharedArrayBuffer;
  /** Answers that do not fit into the control block come here. */
  readonly answers: MessagePort;
  /** Host calls suspend the guest instead of blocking the thread. */
  readonly jspi: boolean;
}

/**
 * What the main thread orders. `n` numbers what runs guest code, ascending per worker: the control block says which
 * one runs. Guests have numbers that are unique in the process.
 */
export type Order =
  | { readonly t: "load"; readonly spec: GuestSpec; readonly module: WebAssembly.Module }
  | { readonly t: "unload"; readonly version: number }
  | { readonly t: "prepare"; readonly n: number; readonly key: number; readonly bytes: Uint8Array; readonly limits: Limits; readonly isolation: Isolation }
  /** Starts a guest that stays. */
  | { readonly t: "start"; readonly n: number; readonly guest: number; readonly version: number }
  /** A new stream; when it is the guest's `first` order, the guest is started, with fresh isolation for this stream only. */
  | { readonly t: "open"; readonly n: number; readonly first: boolean; readonly guest: number; readonly version: number; readonly stream: number; readonly input: StreamInput }
  | { readonly t: "phase"; readonly n: number; readonly guest: number; readonly stream: number; readonly input: PhaseInput }
  | { readonly t: "close"; readonly n: number; readonly guest: number; readonly stream: number }
  | { readonly t: "event"; readonly n: number; readonly guest: number; readonly event: GuestEvent }
  | { readonly t: "drop"; readonly guest: number }
  /** Answer to a host call that suspends. */
  | { readonly t: "answer"; readonly call: number; readonly answer: HostAnswer }; // prettier-ignore

/** Answer to a host call that its thread waits for, when it does not fit into the control block. */
export interface LargeAnswer {
  readonly call: number;
  readonly value: Uint8Array;
}

/** Orders that run guest code. */
export type Activation = Extract<Order, { n: number; guest: number }>;

/** An activation is over. */
export interface Done {
  readonly t: "done";
  readonly n: number;
  readonly guest: number;
  readonly outputs: readonly StreamOutput[];
  /** Wall time in the guest and its host calls, µs. */
  readonly us: number;
  readonly fuel: number;
  readonly memoryBytes: number;
  /** The next guest is started ahead of its call: the thread is busy until report `spare`. */
  readonly spare?: boolean;
  readonly tickMs: number;
  readonly openStreams: number;
  /** The guest is dead. */
  readonly fault?: GuestFault;
  /** After `start`: what the guest says it is. */
  readonly id?: string;
}

export type Report =
  | { readonly t: "ready"; readonly threadId: number | undefined }
  | Done
  /** A host call. `id` below 0: the thread waits for the answer; otherwise the guest, of so much memory, is suspended. */
  | { readonly t: "call"; readonly n: number; readonly guest: number; readonly version: number; readonly id: number; readonly call: HostCall; readonly memoryBytes?: number }
  /** What was started after activation `n`, ahead of its call, stands ready or has failed. */
  | { readonly t: "spare"; readonly n: number }
  /** Guests were let go of, so that what is left fits into the heap of the thread. With a fault: they took too much of it. */
  | { readonly t: "dropped"; readonly guests: readonly number[]; readonly fault?: GuestFault }
  /** What runs keeps more of the heap than it may, and cannot be dropped: the thread has stopped and waits for its end. */
  | { readonly t: "full" }
  | { readonly t: "log"; readonly version: number; readonly level: number; readonly message: string }
  | { readonly t: "prepared"; readonly key: number; readonly module: WebAssembly.Module; readonly info: ModuleInfo }
  | { readonly t: "refused"; readonly key: number; readonly reason: WasmReason; readonly status: number; readonly message: string }; // prettier-ignore
