import type { ListenerConfig } from "../model/listener.ts";

/** A listener that speaks one protocol and routes by the router `r`. */
export function listenerOf(part: Partial<ListenerConfig> = {}): ListenerConfig {
  return {
    name: "in",
    type: "egress",
    protocol: "auto",
    router: "r",
    limits: { maxBodyBytes: 0, maxConnections: 0, idleTimeoutMs: 90_000 },
    timeoutMs: 60_000,
    ...part,
  };
}
