import type { Isolation, Recycling } from "./definition.ts";

/** What a worker must know of a version to run its instances. Crosses to the worker thread by structured clone. */
export interface GuestSpec {
  /** Number of the version, unique in the process. */
  readonly version: number;
  /** Name of the function: logs, and property `plugin_name`. */
  readonly name: string;
  readonly rootContextId: number;
  readonly vmConfig: Uint8Array;
  readonly pluginConfig: Uint8Array;
  readonly environment: Readonly<Record<string, string>>;
  readonly isolation: Isolation;
  readonly recycling: Recycling;
  /** Imports that may be called; undefined: all. */
  readonly hostFunctions: readonly string[] | undefined;
  /** Largest memory of an instance, octets: a memory that the module imports is made with it. */
  readonly memoryBytes: number;
  readonly tableElements: number;
  /** Pages that the module declares for the memory that it imports, if it does: `ModuleInfo.memory`. */
  readonly importedMemory?: { readonly initial: number; readonly maximum: number | undefined };
  /** Largest body that a guest may make, octets. */
  readonly bodyBytes: number;
  readonly streams: number;
  /** Instructions per activation; 0: the module is not instrumented. */
  readonly fuel: number;
}
