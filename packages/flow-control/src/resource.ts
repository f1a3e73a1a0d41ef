import type { FlowSettings } from "./metadata.ts";

/**
 * The resource of a request: by its path (`PATH`), its query string without `?` (`ARG`), or both (`URI`).
 * gRPC has no query strings: `PATH` and `URI` are the same there, and with `ARG` nothing is limited.
 *
 * @param target path and query string as on the wire, e.g. `/echo?a=1`
 */
export function resourceOf(keyType: FlowSettings["limit_key_type"], target: string): string {
  if (keyType === "URI") return target;
  const mark = target.indexOf("?");
  if (keyType === "ARG") return mark < 0 ? "" : target.slice(mark + 1);
  return mark < 0 ? target : target.slice(0, mark);
}
