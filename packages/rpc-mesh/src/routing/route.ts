import type { Random } from "../clock.ts";
import type { RequestView } from "../call/request.ts";
import type {
  DirectAction,
  ForwardAction,
  HeaderChanges,
  RedirectAction,
  RouteConfig,
  RouterConfig,
  VirtualHostConfig,
  WeightedCluster,
} from "../model/route.ts";

/** Where a request goes. */
export interface ClusterChoice {
  readonly name: string;
  /** Only hosts with this metadata. */
  readonly metadataMatch?: Readonly<Record<string, string>> | undefined;
  /** Changes that go with this share of a weighted route. */
  readonly headers?: HeaderChanges | undefined;
}

/** A route, prepared for matching. */
export interface Route {
  readonly name: string;
  /** Name of the router. */
  readonly router: string;
  /** Name of the virtual host. */
  readonly virtualHost: string;
  readonly config: RouteConfig;
  readonly action: ForwardAction | RedirectAction | DirectAction;
  /** Of the route, the virtual host and the router, in this order; only those that change something. */
  readonly headers: readonly HeaderChanges[];
  /** The shares of a weighted route; undefined for others. */
  readonly shares: Shares | undefined;
  /** The one cluster of a route that has only one; undefined for others. */
  readonly only: ClusterChoice | undefined;
}

/** Clusters by weight: a draw below `upTo[i]`, and not below the one before, is `choices[i]`. */
interface Shares {
  readonly total: number;
  readonly upTo: readonly number[];
  readonly choices: readonly ClusterChoice[];
}

/** Prepares a route. */
export function compileRoute(
  config: RouteConfig,
  host: VirtualHostConfig,
  router: RouterConfig,
): Route {
  const { action } = config;
  const forward = action.type === "forward" ? action : undefined;
  const headers = [config.headers, host.headers, router.headers];
  return {
    name: config.name,
    router: router.name,
    virtualHost: host.name,
    config,
    action,
    headers: headers.filter(
      (each) => each !== undefined && changesSomething(each),
    ) as HeaderChanges[], // undefined ones are out
    shares: forward?.weighted === undefined ? undefined : sharesOf(forward.weighted, forward),
    only:
      forward?.cluster === undefined
        ? undefined
        : { name: forward.cluster, metadataMatch: forward.metadataMatch },
  };
}

function changesSomething(headers: HeaderChanges): boolean {
  return (
    headers.requestAdd.length + headers.requestRemove.length > 0 ||
    headers.responseAdd.length + headers.responseRemove.length > 0
  );
}

/** A cluster of weight 0 has no share at all: it is never drawn. */
function sharesOf(clusters: readonly WeightedCluster[], route: ForwardAction): Shares {
  const weighted = clusters.filter(({ weight }) => weight > 0);
  let total = 0;
  const upTo = weighted.map(({ weight }) => (total += weight));
  const choices = weighted.map(({ name, metadataMatch, headers }) => ({
    name,
    metadataMatch: merged(route.metadataMatch, metadataMatch),
    headers: headers !== undefined && changesSomething(headers) ? headers : undefined,
  }));
  return { total, upTo, choices };
}

type Labels = Readonly<Record<string, string>>;

/** What a share demands goes before what the route demands. */
function merged(route: Labels | undefined, share: Labels | undefined): Labels | undefined {
  return route === undefined || share === undefined ? (share ?? route) : { ...route, ...share };
}

/**
 * Chooses the cluster of a request. To be asked once per request, so that all its attempts go to the same share.
 * Undefined when the route does not forward, names the cluster in a header that is not there, or has only weights of 0.
 */
export function chooseCluster(
  route: Route,
  request: RequestView,
  random: Random,
): ClusterChoice | undefined {
  if (route.only !== undefined) return route.only;
  if (route.shares !== undefined) return drawShare(route.shares, random);
  const { action } = route;
  if (action.type !== "forward" || action.clusterHeader === undefined) return undefined;
  const name = request.header(action.clusterHeader);
  return name === undefined || name === ""
    ? undefined
    : { name, metadataMatch: action.metadataMatch };
}

function drawShare({ total, upTo, choices }: Shares, random: Random): ClusterChoice | undefined {
  const draw = random() * total;
  for (let i = 0; i < choices.length; i += 1) {
    if (draw < (upTo[i] ?? 0)) return choices[i];
  }
  return choices.at(-1); // a random source that says 1
}
