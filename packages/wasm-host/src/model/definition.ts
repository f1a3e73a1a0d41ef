import type { Capabilities } from "./capabilities.ts";

/** How the calls of a function share memory. */
export type Isolation =
  /** Instances are used again and again, one call or stream after the other. */
  | "pooled"
  /** Each call has an instance of its own that is dropped after it. */
  | "fresh";

/** What one function may use up. */
export interface Limits {
  /** Linear memory of one instance, octets; a multiple of 64 KiB. Default 64 MiB. */
  readonly memoryBytes: number;
  /** Elements of one table. Default 100 000. */
  readonly tableElements: number;
  /** The module's file, octets. Default 16 MiB. */
  readonly moduleBytes: number;
  /**
   * From the moment a call comes in to its answer, waiting and host calls included; of a filter: each phase. ms. Default
   * 10 000.
   */
  readonly timeoutMs: number;
  /** Time on a processor that one call may use, ms. Default 1000. */
  readonly cpuMs: number;
  /** Instructions that one call may execute, counted by the instrumented module; 0: not counted. Default 0. */
  readonly fuel: number;
  /** Calls that wait for an instance. Default 1024. */
  readonly queue: number;
  /** Streams (filters, paused calls) open at once. Default 1024. */
  readonly streams: number;
  /** Largest body, of request or answer, octets. Default 4 MiB. */
  readonly bodyBytes: number;
}

export const defaultLimits: Limits = {
  memoryBytes: 64 * 1024 * 1024,
  tableElements: 100_000,
  moduleBytes: 16 * 1024 * 1024,
  timeoutMs: 10_000,
  cpuMs: 1000,
  fuel: 0,
  queue: 1024,
  streams: 1024,
  bodyBytes: 4 * 1024 * 1024,
};

/** When a pooled instance is replaced by a new one. */
export interface Recycling {
  /** After so many calls; 0: never. Default 0. */
  readonly calls: number;
  /** When its memory is larger than this after a call, octets; 0: half of what it may use. Default 0. */
  readonly memoryBytes: number;
}

/** What a version of a function is made with, beside its module. */
export interface FunctionDefinition {
  /** Unique name: the service name, and the key of the configuration. */
  readonly name: string;
  /** Which interface the module is written for. Default `proxy-wasm`. */
  readonly adapter: "proxy-wasm" | "wasi-command";
  /** Instances that serve calls at once. Default: number of processors. */
  readonly instances: number;
  readonly isolation: Isolation;
  readonly recycling: Recycling;
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  /** Root context id. Default 1. */
  readonly rootContextId: number;
  /** `proxy_on_vm_start` reads it as buffer 6. */
  readonly vmConfig: Uint8Array;
  /** `proxy_on_configure` reads it as buffer 7. */
  readonly pluginConfig: Uint8Array;
  /** Environment variables that WASI shows. Default none. */
  readonly environment: Readonly<Record<string, string>>;
}
