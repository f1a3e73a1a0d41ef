import type { Layer } from "./layer.ts";

/** Counts calls, codes, times and bytes per method: only additions to the arrays that the route holds. */
export const metricsLayer: Layer = {
  name: "metrics",
  onCall(call) {
    call.startedAt = call.metrics.begin();
  },
  onRoute(call, before) {
    before.abandon();
    call.metrics.begin();
  },
  onEnd({ metrics, startedAt }, code, bytesIn, bytesOut) {
    metrics.end(code, startedAt);
    metrics.received(bytesIn);
    metrics.sent(bytesOut);
  },
};
