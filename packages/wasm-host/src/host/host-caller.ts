import type { LoadedVersion } from "../model/engine.ts";
import type { GuestEvent, HostAnswer, HostCalls, HostOp } from "../model/host-calls.ts";

/** On whose behalf a call goes on: what it inherits. */
export interface CallOrigin {
  /** `performance.now()` ms: no answer may take longer. */
  readonly deadline: number;
  /** How many functions have called each other to get here; 0: nobody. */
  readonly depth: number;
  /** Goes with calls of the Runtime API, e.g. `traceparent`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Who asks: one instance of a guest. The same object for as long as the instance lives; deadline, depth and metadata are
 * those of what it does at the moment.
 */
export interface HostCaller extends CallOrigin {
  readonly version: Pick<LoadedVersion, "definition">;
  /** What it was ordered and told and has not done yet. */
  readonly pending: number;
  /** Tells the instance something; without effect when it is gone. */
  deliver(event: GuestEvent): void;
}

/** An instance that has so much to do is told only what cannot wait: events would pile up in memory. */
export const busyAbove = 64;

/** Takes the answer to a host call, once. It must not throw. */
export type Answer = (answer: HostAnswer) => void;

/** Serves one host call: answers exactly once, at once or later. */
export type HostHandler<Op extends HostOp> = (
  caller: HostCaller,
  args: HostCalls[Op],
  answer: Answer,
) => void;

/** Serves some of the host calls. */
export type HostHandlers<Op extends HostOp = HostOp> = { readonly [Each in Op]: HostHandler<Each> };

/** Name of the function that asks. */
export function functionOf(caller: HostCaller): string {
  return caller.version.definition.name;
}
