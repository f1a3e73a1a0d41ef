import type { RpcError } from "@layotto/sidecar-kit";
import type {
  MethodClaim,
  MethodRegistry,
  OwnMethod,
  OwnRoute,
  Route,
  RouteClash,
  RouteTarget,
  ServedRoute,
} from "./route.ts";

/** One immutable table. */
export interface BuiltTable<U extends RouteTarget> {
  readonly routes: ReadonlyMap<string, Route<U>>;
  readonly paths: readonly string[];
  readonly clashes: readonly RouteClash[];
  readonly missing: readonly string[];
  /** The answer for a path that is in no table: waiting or unimplemented. */
  otherwise(path: string): PlainRoute<U>;
}

type PlainRoute<U extends RouteTarget> = Exclude<Route<U>, OwnRoute<U>>;

interface TableInput<U extends RouteTarget> {
  /** In order of first description. */
  readonly described: ReadonlyMap<U, readonly MethodClaim[]>;
  readonly unconfigured: ReadonlyMap<string, RpcError>;
  readonly missing: readonly string[];
  readonly metrics: MethodRegistry;
  /** Methods of the gateway's own. */
  readonly own: readonly OwnMethod[];
}

/** Answered by the gateway itself or never public: whatever an upstream claims, these are not routed to it. */
const reserved = ["/sidecar.v1.", "/grpc.health.v1.", "/grpc.reflection."];

/** Makes a table of what the upstreams have described. */
export function buildTable<U extends RouteTarget>(input: TableInput<U>): BuiltTable<U> {
  const clashes: RouteClash[] = [];
  const served = new Map<string, Draft<U>>();
  for (const [upstream, methods] of input.described) {
    for (const method of methods) addClaim(served, upstream, method, clashes);
  }
  const routes = new Map<string, PlainRoute<U>>();
  for (const [path, error] of input.unconfigured) {
    routes.set(path, { kind: "unconfigured", path, error, metrics: input.metrics.method(path) });
  }
  for (const draft of served.values()) routes.set(draft.path, finish(draft, input.metrics));
  const { otherwise } = rest(input);
  const own = input.own.map((method): [string, OwnRoute<U>] => {
    const { path } = method;
    const metrics = input.metrics.method(path);
    return [path, { kind: "own", method, otherwise: routes.get(path) ?? otherwise(path), metrics }];
  });
  const paths = new Set([...served.keys(), ...own.map(([path]) => path)]);
  return {
    routes: new Map<string, Route<U>>([...routes, ...own]),
    paths: [...paths],
    clashes,
    missing: input.missing,
    otherwise,
  };
}

/** True when the gateway never routes the path to an upstream. */
export function isReserved(path: string): boolean {
  return reserved.some((prefix) => path.startsWith(prefix));
}

function rest<U extends RouteTarget>(input: TableInput<U>): Pick<BuiltTable<U>, "otherwise"> {
  const metrics = input.metrics.method("unknown");
  const unimplemented = { kind: "unimplemented", metrics } as const;
  if (input.missing.length === 0) return { otherwise: () => unimplemented };
  const waiting = { kind: "waiting", missing: input.missing, metrics } as const;
  return { otherwise: (path) => (isReserved(path) ? unimplemented : waiting) };
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
  if (isReserved(path)) return;
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
