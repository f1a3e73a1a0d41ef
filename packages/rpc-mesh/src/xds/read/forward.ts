import type {
  HedgePolicy,
  RetryPolicy,
  RouteAction,
  RouteAction_HashPolicy,
  RouteAction_RequestMirrorPolicy,
  WeightedCluster_ClusterWeight,
} from "@layotto/proto/envoy/config/route/v3/route";
import type {
  ForwardAction,
  HashSource,
  MirrorConfig,
  WeightedCluster,
} from "../../model/route.ts";
import { compileRewrite } from "../../routing/pattern.ts";
import { type ReadContext, ResourceFault, Unsupported } from "../resource.ts";
import { readHeaders } from "./headers.ts";
import { readRetry } from "./retry.ts";
import { balancingLabels, millis, percent } from "./values.ts";

/** What a route takes over from its virtual host and route configuration. */
export interface Inherited {
  readonly retryPolicy?: RetryPolicy | undefined;
  readonly hedgePolicy?: HedgePolicy | undefined;
  readonly mirrors: readonly RouteAction_RequestMirrorPolicy[];
}

/** Reads the action that forwards. @throws ResourceFault, Unsupported */
export function readForward(
  action: RouteAction,
  above: Inherited,
  context: ReadContext,
): ForwardAction {
  const { retryPolicy = above.retryPolicy, hedgePolicy = above.hedgePolicy } = action;
  const mirrors = action.requestMirrorPolicies;
  return {
    type: "forward",
    ...clusterOf(action, context),
    metadataMatch: balancingLabels(action.metadataMatch),
    timeoutMs: timeoutOf(action),
    ...readRetry(retryPolicy, hedgePolicy, context),
    prefixRewrite: action.prefixRewrite === "" ? undefined : action.prefixRewrite,
    regexRewrite: rewriteOf(action),
    ...hostOf(action, context),
    hash: action.hashPolicy.flatMap((policy) => hashOf(policy, context)),
    mirrors: (mirrors.length > 0 ? mirrors : above.mirrors).map(mirrorOf),
  };
}

function clusterOf({ clusterSpecifier: to }: RouteAction, context: ReadContext) {
  switch (to.case) {
    case "cluster":
      if (to.value === "") throw new ResourceFault("cluster must not be empty");
      return { cluster: to.value };
    case "clusterHeader":
      return { clusterHeader: to.value.toLowerCase() };
    case "weightedClusters": {
      const weighted = to.value.clusters.map((each) => weightedOf(each, context));
      if (weighted.every(({ weight }) => weight === 0)) {
        throw new ResourceFault("weighted_clusters must have a weight above 0");
      }
      return { weighted };
    }
    default:
      // A plug-in that is not here: the route cannot work, the others can.
      throw new Unsupported(to.case ?? "cluster_specifier");
  }
}

function weightedOf(share: WeightedCluster_ClusterWeight, context: ReadContext): WeightedCluster {
  if (share.name === "") throw new ResourceFault("a weighted cluster must have a name");
  return {
    name: share.name,
    weight: share.weight ?? 0,
    metadataMatch: balancingLabels(share.metadataMatch),
    headers: readHeaders(share, context),
  };
}

/** undefined: that of the listener. 0: none. */
function timeoutOf({ timeout, maxStreamDuration }: RouteAction): number | undefined {
  const [total, stream] = [millis(timeout), millis(maxStreamDuration?.maxStreamDuration)];
  if (total === undefined || stream === undefined) return total ?? stream;
  // 0 is no limit, so it is not the smaller one.
  return total === 0 || stream === 0 ? total + stream : Math.min(total, stream);
}

function rewriteOf({ regexRewrite: rewrite }: RouteAction) {
  if (rewrite === undefined) return undefined;
  const regex = rewrite.pattern?.regex ?? "";
  try {
    return compileRewrite(regex, rewrite.substitution);
  } catch (error) {
    throw new ResourceFault(`"${regex}" must be a regular expression`, { cause: error });
  }
}

function hostOf({ hostRewriteSpecifier: host }: RouteAction, { warn }: ReadContext) {
  if (host.case === "hostRewriteLiteral") return { hostRewrite: host.value };
  if (host.case === "autoHostRewrite") return { autoHostRewrite: host.value.value };
  if (host.case !== undefined) warn("a host rewrite by header or path is left out");
  return {};
}

function hashOf({ policySpecifier: by }: RouteAction_HashPolicy, { warn }: ReadContext) {
  const from = (source: HashSource): HashSource[] => [source];
  switch (by.case) {
    case "header":
      return from({ type: "header", name: by.value.headerName.toLowerCase() });
    case "cookie":
      return from({ type: "cookie", name: by.value.name });
    case "queryParameter":
      return from({ type: "query", name: by.value.name });
    case "connectionProperties":
      return by.value.sourceIp ? from({ type: "source_ip" }) : [];
    default:
      warn("a hash policy of an unknown kind is left out");
      return [];
  }
}

function mirrorOf(mirror: RouteAction_RequestMirrorPolicy): MirrorConfig {
  const share = mirror.runtimeFraction?.defaultValue;
  const { cluster } = mirror;
  return { cluster, percent: share === undefined ? 100 : percent(share), amplification: 1 };
}
