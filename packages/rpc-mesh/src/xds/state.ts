import type { Channel } from "./channel.ts";
import { warmingMs } from "./cold-clusters.ts";

/** One type of resources, for people. */
export interface TypeState {
  /** `cluster`, `endpoints`, `listener` or `route configuration`. */
  readonly type: string;
  /** Of the last response that was accepted whole. */
  readonly version: string;
  readonly resources: number;
  /** Responses accepted whole. */
  readonly accepted: number;
  /** Responses refused, in part at least. */
  readonly nacks: number;
  /** Why the last response was refused; undefined: it was accepted. */
  readonly error: string | undefined;
  /** Asked for at least 15 s ago and never sent: taken for not existing. */
  readonly missing: readonly string[];
}

/** The xDS client, for people. */
export interface XdsState {
  readonly connected: boolean;
  /** The server in use. */
  readonly server: string | undefined;
  /** Why there is no stream; undefined while there is one. */
  readonly problem: string | undefined;
  readonly types: readonly TypeState[];
  /** Route configurations and listeners that wait for what they need. */
  readonly waiting: readonly string[];
}

/** The state of one type of resources. */
export function typeState({ subscription, set }: Channel<unknown>, now: number): TypeState {
  const { kind, lastVersion, accepted, nacks, lastError, names } = subscription;
  const isMissing = (name: string) =>
    !set.has(name) && now - (subscription.since(name) ?? now) >= warmingMs;
  return {
    type: kind.label,
    version: lastVersion,
    resources: set.size,
    accepted,
    nacks,
    error: lastError,
    missing: names.filter(isMissing),
  };
}
