import type { RouteTarget, ServedRoute } from "./route.ts";
import { selectString } from "./selector.ts";

/**
 * Which upstream takes a call. Only a shared route looks at the message.
 *
 * @param message first message of the call, without the gRPC prefix and not compressed
 * @returns `undefined` when the message is malformed
 */
export function selectUpstream<U extends RouteTarget>(
  route: ServedRoute<U>,
  message: Uint8Array,
): U | undefined {
  if (route.kind === "forward") return route.upstream;
  const value = selectString(message, route.fieldPath);
  return value === undefined ? undefined : (route.byValue.get(value) ?? route.fallback);
}
