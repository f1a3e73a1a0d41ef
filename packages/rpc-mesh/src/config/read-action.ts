import { compileRewrite } from "../routing/pattern.ts";
import type {
  DirectAction,
  ForwardAction,
  HashSource,
  MirrorConfig,
  RedirectAction,
  WeightedCluster,
} from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";
import { readHeaders } from "./read-headers.ts";
import { readMetadata } from "./read-metadata.ts";
import { readHedge, readPerTryTimeout, readRetry } from "./read-retry.ts";

/** Reads `redirect`. */
export function readRedirect(node: ConfigNode): RedirectAction {
  const codes = { 301: 301, 302: 302, 303: 303, 307: 307, 308: 308 };
  return {
    type: "redirect",
    status: node.meaning<number>("response_code", codes) ?? 301,
    scheme: node.meaning<string>("scheme_redirect", { http: "http", https: "https" }),
    host: node.text("host_redirect"),
    path: node.text("path_redirect"),
    prefixRewrite: node.text("prefix_rewrite"),
    stripQuery: node.flag("strip_query"),
  };
}

/** Reads `direct_response`. */
export function readDirect(node: ConfigNode): DirectAction {
  return {
    type: "direct",
    status: node.integer("status", { min: 200, max: 599 }) ?? 200,
    body: node.text("body") ?? "",
  };
}

/**
 * Reads `route`.
 *
 * @param amplification of the listener's `mirror` filter
 */
export function readForward(node: ConfigNode, route: ConfigNode): ForwardAction {
  if (node.has("cluster_variable"))
    node.fault("cluster_variable", "is not supported: use cluster_header");
  node.unserved(["upstream_protocol"], "has no effect here: set protocol of the cluster");
  node.unserved(["auto_host_rewrite_header"]);
  const timeoutMs = node.duration("timeout");
  const retry = node.child("retry_policy");
  const weighted = node.children("weighted_clusters").map(readShare);
  const cluster = node.text("cluster_name");
  const clusterHeader = node.text("cluster_header")?.toLowerCase();
  checkTarget(node, cluster, clusterHeader, weighted);
  return {
    type: "forward",
    // As with MOSN the plain name goes before everything else.
    cluster,
    weighted: cluster === undefined && weighted.length > 0 ? weighted : undefined,
    clusterHeader: cluster === undefined && weighted.length === 0 ? clusterHeader : undefined,
    metadataMatch: readMetadata(node, "metadata_match"),
    timeoutMs,
    perTryTimeoutMs: readPerTryTimeout(retry, timeoutMs),
    retry: readRetry(retry),
    hedge: readHedge(node.child("hedge_policy")),
    idempotent: node.flag("idempotent"),
    prefixRewrite: node.text("prefix_rewrite"),
    regexRewrite: readRegexRewrite(node),
    hostRewrite: node.text("host_rewrite"),
    autoHostRewrite: node.flag("auto_host_rewrite"),
    hash: node.children("hash_policy").flatMap(readHash),
    mirrors: [...route.children("request_mirror_policies"), ...node.children("request_mirror_policies")].map(readMirror), // prettier-ignore
  };
}

function checkTarget(
  node: ConfigNode,
  cluster: string | undefined,
  header: string | undefined,
  weighted: readonly WeightedCluster[],
): void {
  if (cluster === undefined && header === undefined && weighted.length === 0) {
    node.fault(undefined, "must have cluster_name, weighted_clusters or cluster_header");
  }
  if (weighted.length > 0 && weighted.every(({ weight }) => weight === 0)) {
    node.fault("weighted_clusters", "must have a weight above 0");
  }
}

/** A share, `{ name, weight }`, or as MOSN nests it `{ cluster: { name, weight } }`. */
function readShare(node: ConfigNode): WeightedCluster {
  const share = node.child("cluster") ?? node;
  const weight = share.integer("weight", { max: 1_000_000 });
  if (weight === undefined && !share.has("weight")) share.fault("weight", "is missing");
  return {
    name: share.need("name"),
    weight: weight ?? 0,
    metadataMatch: readMetadata(share, "metadata_match"),
    headers: readHeaders(share),
  };
}

function readRegexRewrite(node: ConfigNode): ForwardAction["regexRewrite"] {
  const rewrite = node.child("regex_rewrite");
  if (rewrite === undefined || rewrite.keys().length === 0) return undefined;
  const nested = typeof rewrite.raw("pattern") === "object" ? rewrite.child("pattern") : undefined;
  const at = nested ?? rewrite;
  const key = nested === undefined ? "pattern" : "regex";
  try {
    return compileRewrite(at.need(key), rewrite.text("substitution") ?? "");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    at.fault(key, `is no regular expression: ${why.replace(/^Invalid regular expression: /, "")}`);
    return undefined;
  }
}

/** Several may stand in one map, as they are never meant to. */
function readHash(node: ConfigNode): HashSource[] {
  const sources: HashSource[] = [];
  const header = node.child("header");
  if (header !== undefined) {
    const name = header.text("key") ?? header.need("name");
    sources.push({ type: "header", name: name.toLowerCase() });
  }
  const cookie = node.child("cookie");
  cookie?.unserved(["path", "ttl"]);
  if (cookie !== undefined) sources.push({ type: "cookie", name: cookie.need("name") });
  const query = node.child("query_parameter");
  if (query !== undefined) sources.push({ type: "query", name: query.need("name") });
  if (node.has("source_ip")) sources.push({ type: "source_ip" });
  return sources;
}

function readMirror(node: ConfigNode): MirrorConfig {
  node.unserved(["trace_sampled"]);
  const fraction = node.child("fractional_percent");
  const share =
    fraction === undefined
      ? undefined
      : (100 * (fraction.number("numerator") ?? fraction.number("numberator") ?? 100)) /
        (fraction.number("denominator_num", { min: 1 }) ?? 100);
  return {
    cluster: node.need("cluster"),
    percent: node.number("percent", { max: 100 }) ?? share ?? 100,
    amplification: node.integer("amplification", { min: 1, max: 100 }) ?? 1,
  };
}
