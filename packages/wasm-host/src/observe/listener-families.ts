import type { MetricFamily } from "@layotto/sidecar-kit";
import type { PageFacts } from "./page.ts";

/** Figures of the listeners. */
export function listenerFamilies({ listeners, unknown }: PageFacts): MetricFamily[] {
  return [
    {
      name: "layotto_wasm_listener_connections",
      help: "Open connections of callers",
      kind: "gauge",
      samples: listeners.map(({ name, connections }) => {
        return { suffix: "", labels: { listener: name }, value: connections };
      }),
    },
    {
      name: "layotto_wasm_unknown_total",
      help: "Requests that meant no function",
      kind: "counter",
      samples: [{ suffix: "", labels: {}, value: unknown }],
    },
  ];
}
