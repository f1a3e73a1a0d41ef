import type { RequestView } from "../call/request.ts";
import type { RouteMatch } from "../model/route.ts";

/** A field that a route wants to have exactly one value: it can be found by that value. */
export interface RouteKey {
  readonly value: string;
  /** The value of a request in this field. */
  of(request: RequestView, path: string): string | undefined;
}

/** Returns the fields that a route can be found by, by name. Whoever finds it still compares everything. */
export function keysOf(match: RouteMatch): ReadonlyMap<string, RouteKey> {
  const keys = new Map<string, RouteKey>();
  for (const { name, exact, invert, ignoreCase } of match.headers) {
    if (exact === undefined || invert === true || ignoreCase === true) continue;
    if (name.startsWith(":")) continue;
    keys.set(`header ${name}`, { value: exact, of: (request) => request.header(name) });
  }
  const ignoreCase = match.ignoreCase === true;
  if (match.path !== undefined) {
    // The sort of look-up is a part of the name: neighbours share it only when both ignore the case or both do not.
    if (ignoreCase) keys.set("path, any case", { value: match.path.toLowerCase(), of: lowerPath });
    else keys.set("path", { value: match.path, of: (_, path) => path });
  }
  const segment = ignoreCase ? undefined : firstSegmentOf(match);
  if (segment !== undefined) {
    keys.set("segment", { value: segment, of: (_, path) => firstSegment(path) });
  }
  return keys;
}

function lowerPath(_: RequestView, path: string): string {
  return path.toLowerCase();
}

/** The first segment that every path has which the route can match; undefined when there is no telling. */
function firstSegmentOf({ path, prefix, pathSeparatedPrefix }: RouteMatch): string | undefined {
  if (path !== undefined) return firstSegment(path);
  if (pathSeparatedPrefix?.startsWith("/") === true && pathSeparatedPrefix !== "/") {
    return firstSegment(pathSeparatedPrefix);
  }
  // Only a prefix that goes beyond its first segment says what that is: "/a" also fits "/ab".
  return prefix?.startsWith("/") === true && prefix.indexOf("/", 1) > 0
    ? firstSegment(prefix)
    : undefined;
}

/** `"/a"` of `"/a/b"`. */
function firstSegment(path: string): string {
  const end = path.indexOf("/", 1);
  return end < 0 ? path : path.slice(0, end);
}
