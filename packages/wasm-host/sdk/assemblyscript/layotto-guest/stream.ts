import * as env from "./env";
import { at, firstOut, outBytes, secondOut, toBytes, toText } from "./memory";
import { encodePairs, Pair } from "./pairs";
import { ok } from "./status";

/** What becomes of the exchange after a callback of a filter. */
export const enum Action {
  Continue = 0,
  /** Nothing more happens until `continueRequest`, `continueResponse` or `sendResponse`. */
  Pause = 1,
}

/**
 * Answers in place of the upstream. A filter returns `Action.Pause` after it.
 *
 * @param grpcStatus for callers that speak gRPC; −1: made from the HTTP status
 */
export function sendResponse(
  status: u32,
  body: ArrayBuffer,
  headers: Pair[] = [],
  grpcStatus: i32 = -1,
): bool {
  const pairs = encodePairs(headers);
  return ok(
    env.proxy_send_local_response(
      status,
      0,
      0,
      at(body),
      body.byteLength,
      at(pairs),
      pairs.byteLength,
      grpcStatus,
    ),
  );
}

/** Goes on with a request that a callback paused. */
export function continueRequest(): bool {
  return ok(env.proxy_continue_stream(0));
}

/** Goes on with a response that a callback paused. */
export function continueResponse(): bool {
  return ok(env.proxy_continue_stream(1));
}

/** The octets of a path: proxy-wasm separates its parts by NUL. */
function pathBytes(path: string): ArrayBuffer {
  return toBytes(path.replaceAll(".", "\0"));
}

/** A property by its path, e.g. "source.address"; null: there is none. */
export function getProperty(path: string): string | null {
  const name = pathBytes(path);
  const status = env.proxy_get_property(at(name), name.byteLength, firstOut(), secondOut());
  return ok(status) ? toText(outBytes()) : null;
}

/** Sets a property, e.g. "layotto.cluster" in a hook of the mesh's step `route`. */
export function setProperty(path: string, value: string): bool {
  const name = pathBytes(path);
  const text = toBytes(value);
  return ok(env.proxy_set_property(at(name), name.byteLength, at(text), text.byteLength));
}
