import type { Functions } from "../functions/functions.ts";
import { listing, type FunctionEntry } from "./listing.ts";
import { figuresOf, type FunctionFigures } from "./stats.ts";

/** What `/actuator/wasm` shows. */
export interface WasmPage {
  readonly listeners: readonly ListenerEntry[];
  /** Calls and streams that are open. */
  readonly openCalls: number;
  /** Requests that meant no function. */
  readonly unknown: number;
  /** How guests wait for the host. */
  readonly hostCalls: string;
  readonly functions: readonly (FunctionEntry & {
    readonly figures: FunctionFigures | undefined;
  })[];
}

/** A listener on the page. */
export interface ListenerEntry {
  readonly name: string;
  readonly address: string;
  readonly connections: number;
}

/** What the page is made of beside the functions. */
export type PageFacts = Omit<WasmPage, "functions" | "openCalls">;

/** The state of the process as it is now. */
export function wasmPage({ directory, calls }: Functions, facts: PageFacts): WasmPage {
  const figures = figuresOf(directory.all());
  return {
    ...facts,
    openCalls: calls.openCalls,
    functions: listing(directory.all()).map((each) => ({ ...each, figures: figures[each.name] })),
  };
}
