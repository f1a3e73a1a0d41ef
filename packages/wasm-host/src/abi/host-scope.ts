import type { GuestEnvironment } from "../guest/environment.ts";
import type { GuestSpec } from "../model/guest-spec.ts";
import type { GuestMemory } from "./guest-memory.ts";

/** What a call-out is, for the functions that go on with it. */
export type CallOutKind = "http" | "grpc-call" | "grpc-stream";

/** The context that host functions act for: the one whose callback runs, unless the guest has chosen another. */
export interface EffectiveContext {
  readonly id: number;
  /** The root context, or that of one HTTP exchange. */
  readonly root: boolean;
}

/** What a host function sees of the guest that called it. One object per guest; `context` changes. */
export interface HostScope {
  readonly memory: GuestMemory;
  readonly environment: GuestEnvironment;
  readonly spec: GuestSpec;
  /** undefined: outside of any callback, e.g. in `_start`. */
  readonly context: EffectiveContext | undefined;
  /** Remembers that the effective context made this call: its events go there. */
  openCallOut(call: number, kind: CallOutKind): void;
  /** What an open call-out is; undefined: not open, or not of this guest. */
  callOut(call: number): CallOutKind | undefined;
  /** Nothing more comes of it. */
  closeCallOut(call: number): void;
}
