import { statusName } from "@layotto/grpc-transport";
import type { Logger } from "@layotto/sidecar-kit";
import type { Layer } from "./layer.ts";
import { traceId } from "./tracing.ts";

/**
 * Writes one line for each call.
 *
 * @param logger where to
 * @param listener `public` or `internal`
 */
export function accessLogLayer(logger: Logger, listener: string): Layer {
  return {
    name: "access-log",
    onCall(call) {
      call.startedAt = performance.now();
    },
    onEnd(call, code, bytesIn, bytesOut) {
      const durationMs = performance.now() - call.startedAt;
      const fields = {
        method: call.path,
        code: statusName(code),
        durationMs: Math.round(durationMs * 1_000) / 1_000,
        bytesIn,
        bytesOut,
        peer: call.peer,
        listener,
        upstream: call.upstreamName,
        traceId: traceId(call.header("traceparent")),
      };
      logger.info(fields, "call");
    },
  };
}
