import { timingSafeEqual } from "node:crypto";
import { Status, type ServerCall } from "@layotto/grpc-transport";
import { RpcError } from "../errors.ts";
import { silentLogger } from "../logger.ts";
import type { ServiceRegistry } from "./serve.ts";
import { toGrpcError } from "./to-grpc-error.ts";

/** Metadata in which a caller sends the token of a sidecar on TCP. */
export const sidecarTokenHeader = "layotto-sidecar-token";

/** Returns a registry whose methods refuse calls without the token. */
export function guarded(server: ServiceRegistry, token: string): ServiceRegistry {
  const expected = Buffer.from(token);
  return {
    addUnary: (path, handler) =>
      server.addUnary(path, (call, message) => {
        if (isAllowed(call, expected)) handler(call, message);
        else call.fail(refused());
      }),
    addStream: (path, handler) =>
      server.addStream(path, async (call) => {
        if (!isAllowed(call, expected)) throw refused();
        await handler(call);
      }),
  };
}

function isAllowed(call: ServerCall, expected: Buffer): boolean {
  const given = Buffer.from(call.metadata.get(sidecarTokenHeader) ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function refused() {
  const message = `Cannot accept the call: metadata "${sidecarTokenHeader}" is missing or wrong`;
  return toGrpcError(
    new RpcError({ code: Status.UNAUTHENTICATED, reason: "TOKEN_REFUSED", message }),
    silentLogger,
  );
}
