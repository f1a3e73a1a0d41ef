import type { RequestView } from "../call/request.ts";
import type { RouteMatch } from "../model/route.ts";
import { splitHostPort } from "./domains.ts";
import { pathOnly } from "./request-fields.ts";
import type { Route } from "./route.ts";

/**
 * Returns the path that the upstream gets. The query stays as it is.
 *
 * `prefix_rewrite` replaces the prefix that matched, or the whole path where the route matched the whole path;
 * `regex_rewrite` replaces every occurrence. The first goes before the second.
 */
export function rewritePath({ action, config }: Route, path: string): string {
  if (action.type !== "forward") return path;
  if (action.prefixRewrite !== undefined) {
    return replacePrefix(config.match, action.prefixRewrite, path);
  }
  if (action.regexRewrite === undefined) return path;
  const { pattern, substitution } = action.regexRewrite;
  const only = pathOnly(path);
  return only.replace(pattern, substitution) + path.slice(only.length);
}

function replacePrefix(match: RouteMatch, replacement: string, path: string): string {
  const { prefix, pathSeparatedPrefix } = match;
  const isWhole = match.path !== undefined || match.pathRegex !== undefined;
  const matched = prefix ?? pathSeparatedPrefix ?? "";
  const only = pathOnly(path);
  return replacement + path.slice(isWhole ? only.length : Math.min(matched.length, only.length));
}

/** Ports that a URL need not name. */
const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443" };

/**
 * Returns the Location of a redirect; undefined when the route is none.
 *
 * @param scheme of the request: `"http"` or `"https"`
 */
export function redirectLocation(
  { action, config }: Route,
  request: RequestView,
  scheme: string,
): string | undefined {
  if (action.type !== "redirect") return undefined;
  const only = pathOnly(request.path);
  const query = action.stripQuery === true ? "" : request.path.slice(only.length);
  const origin = originOf(action, request, scheme);
  // A query in the configured path replaces that of the request.
  if (action.path !== undefined)
    return origin + action.path + (action.path.includes("?") ? "" : query);
  if (action.prefixRewrite === undefined) return origin + only + query;
  return origin + replacePrefix(config.match, action.prefixRewrite, only) + query;
}

function originOf(
  { scheme: wanted, host }: { scheme?: string | undefined; host?: string | undefined },
  { authority }: RequestView,
  scheme: string,
): string {
  const to = wanted ?? scheme;
  if (host !== undefined) return `${to}://${host}`;
  // The port of the old scheme means nothing in the new one.
  const { host: name, port } = splitHostPort(authority);
  const isDropped = to !== scheme && port === defaultPorts[scheme];
  return `${to}://${isDropped ? name : authority}`;
}
