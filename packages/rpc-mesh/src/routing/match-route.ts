import type { Random } from "../clock.ts";
import type { RequestView } from "../call/request.ts";
import type { FieldMatch, RouteMatch } from "../model/route.ts";
import { matchField } from "./match-field.ts";
import { queryValue } from "./request-fields.ts";

/**
 * Whether a request is as a route wants it; the cheapest questions come first.
 *
 * @param path of the request without its query
 */
export function matchRoute(
  match: RouteMatch,
  request: RequestView,
  path: string,
  random: Random,
): boolean {
  return (
    matchPath(match, path) &&
    (match.methods === undefined || match.methods.includes(request.method)) &&
    matchHeaders(match.headers, request) &&
    (match.query.length === 0 || matchQuery(match.query, request)) &&
    (match.pathRegex === undefined || match.pathRegex.test(path)) &&
    (match.percent === undefined || random() * 100 < match.percent)
  );
}

function matchPath(match: RouteMatch, path: string): boolean {
  const ignoreCase = match.ignoreCase === true;
  if (match.path !== undefined && !isSame(path, match.path, ignoreCase)) return false;
  if (match.prefix !== undefined && !startsWith(path, match.prefix, ignoreCase)) return false;
  const { pathSeparatedPrefix: separated } = match;
  if (separated === undefined) return true;
  if (!startsWith(path, separated, ignoreCase)) return false;
  return path.length === separated.length || path.charCodeAt(separated.length) === slash;
}

const slash = 47;

function isSame(path: string, wanted: string, ignoreCase: boolean): boolean {
  if (path === wanted) return true;
  return ignoreCase && path.length === wanted.length && startsWith(path, wanted, true);
}

function startsWith(path: string, prefix: string, ignoreCase: boolean): boolean {
  if (path.startsWith(prefix)) return true;
  return ignoreCase && path.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
}

function matchHeaders(wanted: readonly FieldMatch[], request: RequestView): boolean {
  for (const each of wanted) {
    if (!matchField(each, headerValue(each.name, request))) return false;
  }
  return true;
}

/** HTTP/2 names for what every protocol has, as xDS writes them. */
function headerValue(name: string, request: RequestView): string | undefined {
  if (name.charCodeAt(0) !== 58) return request.header(name);
  if (name === ":method") return request.method === "" ? undefined : request.method;
  if (name === ":authority") return request.authority === "" ? undefined : request.authority;
  return name === ":path" ? request.path : request.header(name);
}

function matchQuery(wanted: readonly FieldMatch[], request: RequestView): boolean {
  for (const each of wanted) {
    if (!matchField(each, queryValue(request.path, each.name))) return false;
  }
  return true;
}
