import type { Labels, MetricFamily } from "@layotto/sidecar-kit";
import type { Counters } from "./entry.ts";

/** Name, help and value of each family. */
const values: readonly (readonly [name: string, help: string, (counters: Counters) => number])[] = [
  ["passed_total", "Calls that the flow rules let pass", (one) => one.passed],
  ["blocked_total", "Calls beyond the flow rules", (one) => one.blocked],
  ["delayed_total", "Passed calls that had to wait", (one) => one.delayed],
  ["delay_seconds_total", "Time that calls had to wait", (one) => one.waitedMs / 1000],
];

/** The counters of limited resources as metrics. */
export function flowFamilies(
  counted: Iterable<[string, Counters]>,
  labels: Labels,
): MetricFamily[] {
  const rows = [...counted];
  if (rows.length === 0) return [];
  return values.map(([name, help, value]) => ({
    name: `layotto_flow_${name}`,
    help,
    kind: "counter",
    samples: rows.map(([resource, counters]) => ({
      suffix: "",
      labels: { ...labels, resource },
      value: value(counters),
    })),
  }));
}
