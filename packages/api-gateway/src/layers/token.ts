import { createHash, timingSafeEqual } from "node:crypto";
import type { RpcError } from "@layotto/sidecar-kit";
import { errors } from "../errors.ts";
import type { Layer } from "./layer.ts";

/** Metadata names that may carry the token; the second is for clients written for Dapr. */
const names = ["layotto-api-token", "dapr-api-token"] as const;

/**
 * Lets only calls pass that carry the token. The token itself is not passed on.
 *
 * @param token what callers must send
 */
export function tokenLayer(token: string): Layer {
  const refusal = tokenGuard(token);
  return {
    name: "token",
    strips: names,
    admit: (call) => refusal((name) => call.header(name)),
  };
}

/** Reads the metadata of a call. */
type ReadHeader = (name: string) => string | undefined;

/**
 * Says why a call may not pass; undefined when it may.
 *
 * @param token what callers must send
 */
export function tokenGuard(token: string): (header: ReadHeader) => RpcError | undefined {
  const isToken = tokenCheck(token);
  return (header) => {
    const given = header(names[0]) ?? header(names[1]);
    if (given === undefined) return errors.TOKEN_REFUSED("missing");
    return isToken(given) ? undefined : errors.TOKEN_REFUSED("wrong");
  };
}

/** Compares with a token in a time that says nothing about it, its length included. */
export function tokenCheck(token: string): (given: string) => boolean {
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
