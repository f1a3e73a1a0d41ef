import type { Host } from "./host.ts";

/** What the choice of a host depends on. One object per call; balancers may keep their own place in it. */
export interface PickContext {
  /** 32-bit hash of the request for ring hash and maglev; undefined: they choose at random. */
  readonly hash: number | undefined;
  /** Hosts tried before; avoided while others are left. */
  readonly tried: readonly Host[];
  /** Only hosts with this metadata. */
  readonly metadataMatch: Readonly<Record<string, string>> | undefined;
}

/** A pick that depends on nothing. */
export const anyHost: PickContext = {
  hash: undefined,
  tried: [],
  metadataMatch: undefined,
};
