import type { MethodMetrics, RpcError } from "@layotto/sidecar-kit";

/**
 * What the layers see of a call. The forwarder's own object of the call has these members, so that nothing is made
 * for the layers.
 */
export interface LayeredCall {
  /** `:path`. */
  readonly path: string;
  /** Counters of the route; those of `unknown` when nobody serves the path. */
  readonly metrics: MethodMetrics;
  /** Name of the upstream that takes the call; empty while it is not chosen and when the gateway answers. */
  readonly upstreamName: string;
  /** Who calls, e.g. `127.0.0.1:5123` or `unix`. */
  readonly peer: string;
  /** `performance.now()` at the first header; the layers set it, the caller only keeps it. */
  startedAt: number;
  /** How long the call has to wait before it is passed on, ms; 0: not at all. Set by a layer that admits it. */
  waitMs: number;
  /** Generation of the flow rules that have counted the call; 0: none has. */
  flowGeneration: number;
  /** First value of a request header, in lower case; only called by layers that are on. */
  header(name: string): string | undefined;
}

/** One thing that happens around every call. A layer that is off is not in the list at all. */
export interface Layer {
  /** Name in logs and in /actuator/info. */
  readonly name: string;
  /** Request headers that are not passed on to the sidecar. */
  readonly strips?: readonly string[];
  /** A call has begun. */
  onCall?(call: LayeredCall): void;
  /** May the call go on? Returns the error that ends it here. */
  admit?(call: LayeredCall): RpcError | undefined;
  /** A call that waited has got its route; `before` are the counters under which it began. */
  onRoute?(call: LayeredCall, before: MethodMetrics): void;
  /** A call has ended, also one that was not admitted. */
  onEnd?(call: LayeredCall, code: number, bytesIn: number, bytesOut: number): void;
}
