import type { ProcessSpec } from "./process-spec.ts";
import type { ProcessExit } from "./process-state.ts";

/** A running child, as little of it as the state machine needs. */
export interface Child {
  readonly pid: number | undefined;
  /** Asks for an orderly end: no new calls, running ones get up to `graceMs`. */
  drain(graceMs: number): void;
  /** SIGTERM, for a child that may not listen to messages yet. */
  terminate(): void;
  /** SIGKILL, for the child and whatever it started. */
  kill(): void;
}

/** What a child reports. `exited` comes exactly once, last. */
export interface ChildEvents {
  /** @param reloads whether it follows its configuration file */
  ready(address: string | undefined, reloads?: boolean): void;
  health(status: string, reason: string | undefined): void;
  exited(exit: ProcessExit): void;
}

/** Starts one generation of a process. Never throws and never reports at once: a failure to spawn is a later `exited`. */
export type Spawner = (spec: ProcessSpec, generation: number, events: ChildEvents) => Child;
