import type { FunctionRoute } from "../config/settings.ts";
import type { FunctionDefinition } from "../model/definition.ts";

/** One module of a function. */
export interface PlannedModule {
  readonly bytes: Uint8Array;
  /** Where it comes from, for listings and logs. */
  readonly origin: string;
  /** Share of the calls. */
  readonly weight: number;
}

/** How a function is to be. */
export interface FunctionPlan {
  readonly definition: FunctionDefinition;
  /** Requests that come to it without naming it. */
  readonly routes: readonly FunctionRoute[];
  /** One; several are versions that share the calls by their weights. */
  readonly modules: readonly PlannedModule[];
}
