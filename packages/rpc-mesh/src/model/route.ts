import type { BreakerConfig } from "./cluster.ts";

/** How a text is compared. Exactly one is set. */
export interface TextMatch {
  readonly exact?: string | undefined;
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
  readonly contains?: string | undefined;
  /** Anchored at both ends. */
  readonly regex?: RegExp | undefined;
  /** true: the header is there; false: it is not. */
  readonly present?: boolean | undefined;
  /** [from, to) of an integer. */
  readonly range?: readonly [number, number] | undefined;
}

/** A header, variable or query parameter that must match. */
export interface FieldMatch extends TextMatch {
  /** Headers: lower case. */
  readonly name: string;
  readonly invert?: boolean | undefined;
  readonly ignoreCase?: boolean | undefined;
}

/** What a request must be. Everything that is given must hold. */
export interface RouteMatch {
  readonly prefix?: string | undefined;
  /** Exact path; MOSN compares without regard to case. */
  readonly path?: string | undefined;
  readonly ignoreCase?: boolean | undefined;
  readonly pathRegex?: RegExp | undefined;
  /** Prefix that ends at a `/` or the end. */
  readonly pathSeparatedPrefix?: string | undefined;
  readonly methods?: readonly string[] | undefined;
  readonly headers: readonly FieldMatch[];
  readonly query: readonly FieldMatch[];
  /** Share of requests, 0 to 100, that match at all. */
  readonly percent?: number | undefined;
}

/** A cluster with its share. */
export interface WeightedCluster {
  readonly name: string;
  readonly weight: number;
  readonly metadataMatch?: Readonly<Record<string, string>> | undefined;
  readonly headers?: HeaderChanges | undefined;
}

/** Conditions for retries; see `resilience/conditions.ts`. */
export type RetryCondition =
  | "5xx"
  | "gateway-error"
  | "reset"
  | "connect-failure"
  | "refused-stream"
  | "retriable-4xx"
  | "rate-limited"
  | "timeout"
  | "cancelled"
  | "deadline-exceeded"
  | "internal"
  | "resource-exhausted"
  | "unavailable";

/** When and how often a call is sent again. */
export interface RetryPolicy {
  /** @default ["connect-failure", "refused-stream", "gateway-error", "reset"] */
  readonly on: readonly RetryCondition[];
  /** Further status codes of the protocol (HTTP status, gRPC code, bolt or dubbo status). */
  readonly statusCodes: readonly number[];
  /** Retries after the first attempt. @default 1 */
  readonly retries: number;
  /** @default 25 */
  readonly backoffMs: number;
  /** @default 250 */
  readonly maxBackoffMs: number;
  /** Send again what may have run although it is not idempotent. @default false */
  readonly nonIdempotent: boolean;
  /** Do not choose a host twice while others live. @default true */
  readonly avoidTriedHosts: boolean;
}

/** Further attempts before the first has answered, for idempotent calls only. */
export interface HedgePolicy {
  /** Attempts under way at most, the first included. */
  readonly maxAttempts: number;
  readonly delayMs: number;
}

/** Where the hash of a request comes from; the first that yields one decides. */
export type HashSource =
  | { readonly type: "header"; readonly name: string }
  | { readonly type: "cookie"; readonly name: string }
  | { readonly type: "query"; readonly name: string }
  | { readonly type: "source_ip" };

/** Headers added, replaced or removed. */
export interface HeaderChanges {
  readonly requestAdd: readonly (readonly [string, string])[];
  readonly requestRemove: readonly string[];
  readonly responseAdd: readonly (readonly [string, string])[];
  readonly responseRemove: readonly string[];
}

/** A copy of requests goes to another cluster; its answers are dropped. */
export interface MirrorConfig {
  readonly cluster: string;
  /** 0 to 100. */
  readonly percent: number;
  /** Copies per request. @default 1 */
  readonly amplification: number;
}

/** Faults on purpose. */
export interface FaultConfig {
  readonly delay?: { readonly percent: number; readonly ms: number } | undefined;
  readonly abort?: { readonly percent: number; /** HTTP status. */ readonly status: number } | undefined;
  /** Only requests that match. */
  readonly headers: readonly FieldMatch[];
  /** Only requests to this cluster. */
  readonly cluster?: string | undefined;
} // prettier-ignore

/** A matched request goes to a cluster. */
export interface ForwardAction {
  readonly type: "forward";
  /** One of these three decides. */
  readonly cluster?: string | undefined;
  readonly weighted?: readonly WeightedCluster[] | undefined;
  readonly clusterHeader?: string | undefined;
  readonly metadataMatch?: Readonly<Record<string, string>> | undefined;
  /** For all attempts, ms; 0: none. undefined: that of the listener or channel. */
  readonly timeoutMs?: number | undefined;
  /** For one attempt, ms; 0: none. */
  readonly perTryTimeoutMs: number;
  readonly retry?: RetryPolicy | undefined;
  readonly hedge?: HedgePolicy | undefined;
  /** Calls of this route may run twice whatever their verb. */
  readonly idempotent?: boolean | undefined;
  readonly prefixRewrite?: string | undefined;
  readonly regexRewrite?: { readonly pattern: RegExp; readonly substitution: string } | undefined;
  readonly hostRewrite?: string | undefined;
  /** Host header := hostname of the chosen host. */
  readonly autoHostRewrite?: boolean | undefined;
  readonly hash: readonly HashSource[];
  readonly mirrors: readonly MirrorConfig[];
}

/** A matched request is sent elsewhere. */
export interface RedirectAction {
  readonly type: "redirect";
  readonly status: number;
  readonly scheme?: string | undefined;
  readonly host?: string | undefined;
  readonly path?: string | undefined;
  readonly prefixRewrite?: string | undefined;
  readonly stripQuery?: boolean | undefined;
}

/** A matched request is answered here. */
export interface DirectAction {
  readonly type: "direct";
  readonly status: number;
  readonly body: string;
}

/** Limits of one route. */
export interface RouteLimits {
  /** Flow rules (Sentinel's shapes) whose resource is this route. */
  readonly maxBodyBytes?: number | undefined;
  readonly maxConcurrent?: number | undefined;
}

/** One route of a virtual host. */
export interface RouteConfig {
  /** Unique within its router; made from the position when not given. */
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: ForwardAction | RedirectAction | DirectAction;
  readonly headers?: HeaderChanges | undefined;
  readonly fault?: FaultConfig | undefined;
  readonly breaker?: BreakerConfig | undefined;
  readonly limits: RouteLimits;
}

/** Routes for some host names. */
export interface VirtualHostConfig {
  readonly name: string;
  /** `host`, `host:port`, `host:*`, `*.suffix`, `*.suffix:*`, `*`. */
  readonly domains: readonly string[];
  /** The first match wins. */
  readonly routes: readonly RouteConfig[];
  readonly headers?: HeaderChanges | undefined;
}

/** What listeners and channels route by. */
export interface RouterConfig {
  readonly name: string;
  readonly virtualHosts: readonly VirtualHostConfig[];
  readonly headers?: HeaderChanges | undefined;
}
