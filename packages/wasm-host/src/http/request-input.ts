import type { WholeRequest } from "@layotto/http1";
import { ownBytes } from "@layotto/sidecar-kit";
import type { StreamInput } from "../model/streams.ts";

/**
 * The request as a guest sees it. Without a body its query string is the body, as with Layotto.
 *
 * @param queryAt where in the path its "?" is; -1: there is none
 */
export function inputOf(request: WholeRequest, queryAt: number): StreamInput {
  const { method, path, authority, encrypted, headers, trailers } = request;
  const scheme = encrypted ? "https" : "http";
  return {
    mode: "function",
    phase: "request",
    headers: [":method", method, ":path", path, ":authority", authority, ":scheme", scheme, ...headers], // prettier-ignore
    body: bodyOf(request, queryAt),
    trailers: trailers.length === 0 ? undefined : trailers,
    bodyFollows: false,
    // What follows from the headers, guests are told without it.
    properties: ["source.address", request.peer, "request.protocol", "HTTP/1.1"],
  };
}

function bodyOf({ body, path }: WholeRequest, queryAt: number): Uint8Array | undefined {
  // It crosses to another thread together with the buffer that it is part of.
  if (body.length > 0) return ownBytes(body);
  if (queryAt < 0 || queryAt + 1 >= path.length) return undefined;
  const query = Buffer.allocUnsafeSlow(path.length - queryAt - 1);
  query.write(path.slice(queryAt + 1), "latin1");
  return query;
}
