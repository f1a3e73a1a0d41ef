import type { FunctionDefinition } from "../model/definition.ts";
import type { LoadedVersion } from "../model/engine.ts";
import type { BackOff } from "./back-off.ts";
import type { InstalledFunction } from "./installed-function.ts";

/** What is kept of a version that no longer runs, so that it can run again. */
export interface KeptVersion {
  /** Counts from 1 for each function. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly sha256: string;
  /** Where the module came from. */
  readonly origin: string;
  /** When it came, ms since the epoch. */
  readonly installedAt: number;
  readonly definition: FunctionDefinition;
  /** What the guest said it is. */
  readonly id: string;
}

/** A version of a function that takes calls. */
export interface FunctionVersion extends KeptVersion {
  readonly of: InstalledFunction;
  readonly loaded: LoadedVersion;
  readonly backOff: BackOff;
}

/** A version and its share of the function's calls. */
export interface ActiveVersion {
  readonly version: FunctionVersion;
  readonly weight: number;
}
