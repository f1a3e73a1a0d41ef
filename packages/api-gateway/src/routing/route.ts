import type { MethodMetrics, RpcError } from "@layotto/sidecar-kit";
import type { MethodHooks } from "../hooks/hook.ts";

/** Where the counters of a method come from; the kit's `Metrics` is one. */
export interface MethodRegistry {
  /** The counters of a method; always the same object for the same path. */
  method(path: string): MethodMetrics;
}

/** Who serves a method, as far as routing must know. */
export interface RouteTarget {
  /** Name in the configuration, e.g. `"state"` or `"state-team-b"`. */
  readonly name: string;
  /** What it serves in the words of error messages, e.g. `"state"`. */
  readonly capability: string;
}

/** One method that an upstream says it serves. */
export interface MethodClaim {
  /** `:path` of the method. */
  readonly path: string;
  /** Set when several upstreams may serve the method. */
  readonly selector?: MethodSelector;
}

/** The string field of the first message by which upstreams share a method, and the values of one of them. */
export interface MethodSelector {
  /** Field numbers from the request message down to the string field. */
  readonly fieldPath: readonly number[];
  /** The same in words, e.g. `"store_name"`. */
  readonly fieldName: string;
  /** Values that this upstream serves. */
  readonly values: readonly string[];
}

/** One upstream serves the method: the message is not looked at. */
export interface ForwardRoute<U extends RouteTarget> {
  readonly kind: "forward";
  readonly path: string;
  readonly upstream: U;
  readonly metrics: MethodMetrics;
}

/** Several upstreams share the method by a field of the first message. */
export interface SharedRoute<U extends RouteTarget> {
  readonly kind: "shared";
  readonly path: string;
  readonly fieldPath: readonly number[];
  readonly fieldName: string;
  readonly byValue: ReadonlyMap<string, U>;
  /** Gets the values that nobody claims, so that the capability itself says what is wrong with them. */
  readonly fallback: U;
  readonly metrics: MethodMetrics;
}

/** No upstream serves the method; the configuration says what to answer. */
export interface UnconfiguredRoute {
  readonly kind: "unconfigured";
  readonly path: string;
  readonly error: RpcError;
  readonly metrics: MethodMetrics;
}

/** Nobody serves the method so far, but not every upstream has described itself. */
export interface WaitingRoute {
  readonly kind: "waiting";
  /** Capabilities of the upstreams that have never been described. */
  readonly missing: readonly string[];
  readonly metrics: MethodMetrics;
}

/** All upstreams are known and nobody serves the method. */
export interface UnimplementedRoute {
  readonly kind: "unimplemented";
  readonly metrics: MethodMetrics;
}

/** A method that the gateway itself answers for one value of a field of the message. */
export interface OwnMethod {
  readonly path: string;
  /** Field numbers from the request message down to the string field. */
  readonly fieldPath: readonly number[];
  /** The value of the field. */
  readonly value: string;
  /**
   * Handles an encoded request.
   *
   * @returns the encoded response
   * @throws RpcError that the caller gets
   */
  answer(message: Uint8Array): Uint8Array;
}

/** The gateway answers some calls of the method; the others have the route that they would have without it. */
export interface OwnRoute<U extends RouteTarget> {
  readonly kind: "own";
  readonly method: OwnMethod;
  readonly otherwise: PlainRoute<U>;
  readonly metrics: MethodMetrics;
}

/** Functions of an extension run around public calls of the method. */
export interface HookedRoute<U extends RouteTarget> {
  readonly kind: "hooked";
  readonly hooks: MethodHooks;
  readonly otherwise: Exclude<Route<U>, HookedRoute<U>>;
  readonly metrics: MethodMetrics;
}

/** A method that some upstream takes. */
export type ServedRoute<U extends RouteTarget> = ForwardRoute<U> | SharedRoute<U>;

/** What upstreams and configuration say about a path. */
export type PlainRoute<U extends RouteTarget> =
  ServedRoute<U> | UnconfiguredRoute | WaitingRoute | UnimplementedRoute;

/** What the table says about a path. */
export type Route<U extends RouteTarget> = PlainRoute<U> | OwnRoute<U> | HookedRoute<U>;

/** Two upstreams claim the same method and cannot share it; the one described first keeps it. */
export interface RouteClash {
  readonly path: string;
  /** Who keeps the method, or the values. */
  readonly kept: string;
  /** Whose claim is refused. */
  readonly refused: string;
  /** One sentence that names both and the cure. */
  readonly message: string;
}
