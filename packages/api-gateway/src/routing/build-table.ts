import type { RpcError } from "@layotto/sidecar-kit";
import { addHooks, type HookSource } from "./hooked-routes.ts";
import type {
  MethodClaim,
  MethodRegistry,
  OwnMethod,
  OwnRoute,
  PlainRoute,
  Route,
  RouteClash,
  RouteTarget,
  ServedRoute,
} from "./route.ts";

/** One immutable table. */
export interface BuiltTable<U extends RouteTarget> {
  /** For calls on the public listeners. */
  readonly public: RouteMap<U>;
  /** For calls of sidecars: without hooks, and with the methods that are theirs alone. */
  readonly internal: RouteMap<U>;
  readonly paths: readonly string[];
  readonly clashes: readonly RouteClash[];
  readonly missing: readonly string[];
}

/** The routes of one kind of listener. */
export interface RouteMap<U extends RouteTarget> {
  readonly routes: ReadonlyMap<string, Route<U>>;
  /** The answer for a path that is in no table: waiting or unimplemented. */
  otherwise(path: string): Route<U>;
}

interface TableInput<U extends RouteTarget> {
  /** In order of first description. */
  readonly described: ReadonlyMap<U, readonly MethodClaim[]>;
  readonly unconfigured: ReadonlyMap<string, RpcError>;
  readonly missing: readonly string[];
  readonly metrics: MethodRegistry;
  /** Methods of the gateway's own. */
  readonly own: readonly OwnMethod[];
  /** What runs around public calls. */
  readonly hooks: HookSource | undefined;
}

/** Services of upstreams that only sidecars may call. */
const internalServices = ["/sidecar.v1.Extension/"];

/** Answered by the gateway itself or never public: whatever an upstream claims, these are not routed to it. */
const reserved = ["/sidecar.v1.", "/grpc.health.v1.", "/grpc.reflection."];

/** Makes a table of what the upstreams have described. */
export function buildTable<U extends RouteTarget>(input: TableInput<U>): BuiltTable<U> {
  const clashes: RouteClash[] = [];
  const served = new Map<string, Draft<U>>();
  for (const [upstream, methods] of input.described) {
    for (const method of methods) addClaim(served, upstream, method, clashes);
  }
  const plain = new Map<string, PlainRoute<U>>();
  for (const [path, error] of input.unconfigured) {
    plain.set(path, { kind: "unconfigured", path, error, metrics: input.metrics.method(path) });
  }
  const inside = new Map<string, PlainRoute<U>>();
  for (const draft of served.values()) {
    const target = isInternal(draft.path) ? inside : plain;
    target.set(draft.path, finish(draft, input.metrics));
  }
  const { unserved, otherwise } = rest(input);
  const own = input.own.map((method): [string, OwnRoute<U>] => {
    const { path } = method;
    const metrics = input.metrics.method(path);
    return [path, { kind: "own", method, otherwise: plain.get(path) ?? otherwise(path), metrics }];
  });
  const routes = new Map<string, Route<U>>([...plain, ...own]);
  const paths = new Set([...served.keys(), ...own.map(([path]) => path)]);
  return {
    public: addHooks({ routes, otherwise }, input.hooks),
    internal: {
      routes: inside.size === 0 ? routes : new Map([...routes, ...inside]),
      otherwise: (path) => (isInternal(path) ? unserved : otherwise(path)),
    },
    paths: [...paths].filter((path) => !isInternal(path)),
    clashes,
    missing: input.missing,
  };
}

/** True when the gateway never routes a public call of the path to an upstream. */
export function isReserved(path: string): boolean {
  return reserved.some((prefix) => path.startsWith(prefix));
}

function isInternal(path: string): boolean {
  return internalServices.some((prefix) => path.startsWith(prefix));
}

interface Rest<U extends RouteTarget> {
  /** The route of a path that nobody serves so far. */
  readonly unserved: PlainRoute<U>;
  otherwise(path: string): PlainRoute<U>;
}

function rest<U extends RouteTarget>(input: TableInput<U>): Rest<U> {
  const metrics = input.metrics.method("unknown");
  const unimplemented = { kind: "unimplemented", metrics } as const;
  if (input.missing.length === 0)
    return { unserved: unimplemented, otherwise: () => unimplemented };
  const waiting = { kind: "waiting", missing: input.missing, metrics } as const;
  return {
    unserved: waiting,
    otherwise: (path) => (isReserved(path) ? unimplemented : waiting),
  };
}

/** A route while the claims are being collected. */
interface Draft<U extends RouteTarget> {
  readonly path: string;
  readonly first: U;
  readonly claim: MethodClaim;
  shared: boolean;
  readonly byValue: Map<string, U>;
}

function addClaim<U extends RouteTarget>(
  served: Map<string, Draft<U>>,
  upstream: U,
  claim: MethodClaim,
  clashes: RouteClash[],
): void {
  const { path, selector } = claim;
  if (isReserved(path) && !isInternal(path)) return;
  const draft = served.get(path);
  if (draft === undefined) {
    const byValue = new Map(selector?.values.map((value) => [value, upstream]));
    served.set(path, { path, first: upstream, claim, shared: false, byValue });
    return;
  }
  if (draft.first === upstream) return;
  const why = cannotShare(draft.claim, claim);
  if (why !== undefined) {
    clashes.push(clash(path, draft.first, upstream, why));
    return;
  }
  draft.shared = true;
  for (const value of selector?.values ?? []) claimValue(draft, upstream, value, clashes);
}

function claimValue<U extends RouteTarget>(
  draft: Draft<U>,
  upstream: U,
  value: string,
  clashes: RouteClash[],
): void {
  const holder = draft.byValue.get(value);
  if (holder === undefined) {
    draft.byValue.set(value, upstream);
  } else if (holder !== upstream) {
    const field = draft.claim.selector?.fieldName ?? "";
    clashes.push(clash(draft.path, holder, upstream, `for ${field} "${value}"`));
  }
}

function cannotShare(a: MethodClaim, b: MethodClaim): string | undefined {
  if (a.selector === undefined || b.selector === undefined) return "without a selector";
  if (a.selector.fieldPath.join(".") === b.selector.fieldPath.join(".")) return undefined;
  return `by different fields, "${a.selector.fieldName}" and "${b.selector.fieldName}"`;
}

function clash(path: string, kept: RouteTarget, refused: RouteTarget, why: string): RouteClash {
  const message =
    `Cannot route ${path} to both upstreams "${kept.name}" and "${refused.name}": both serve it ${why}; ` +
    `"${kept.name}" was described first and keeps it until one of them stops serving it`;
  return { path, kept: kept.name, refused: refused.name, message };
}

function finish<U extends RouteTarget>(draft: Draft<U>, registry: MethodRegistry): ServedRoute<U> {
  const { path, first, claim, byValue } = draft;
  const metrics = registry.method(path);
  if (!draft.shared || claim.selector === undefined) {
    return { kind: "forward", path, upstream: first, metrics };
  }
  const { fieldPath, fieldName } = claim.selector;
  return { kind: "shared", path, fieldPath, fieldName, byValue, fallback: first, metrics };
}
