import type { MetricFamily } from "@layotto/sidecar-kit";
import type { PubSubs } from "../pubsubs.ts";

/** The figures that components have of their own, as one family. */
export function figureFamilies({ components }: PubSubs): MetricFamily[] {
  const samples = components.names().flatMap((pubsub) => {
    const component = components.find(pubsub);
    return Object.entries(component?.figures?.() ?? {}).map(([figure, value]) => {
      return { suffix: "", labels: { pubsub, figure }, value };
    });
  });
  const help = "What a component counts for itself";
  return [{ name: "layotto_pubsub_component", help, kind: "gauge", samples }];
}
