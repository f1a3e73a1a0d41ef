import { MetricType, type MetricFamily as WireFamily } from "@layotto/proto/sidecar/v1/sidecar";
import {
  renderPrometheus,
  type LabelledFamilies,
  type Metrics,
  type MetricFamily,
  type MetricKind,
} from "@layotto/sidecar-kit";
import type { Routes } from "../routing/routes.ts";
import { upstreamFamilies } from "../upstream/metrics.ts";
import type { Replica } from "../upstream/replica.ts";
import type { Upstream } from "../upstream/upstream.ts";

const kinds: Partial<Record<MetricType, MetricKind>> = {
  [MetricType.COUNTER]: "counter",
  [MetricType.HISTOGRAM]: "histogram",
};

/** The metrics of the gateway and of every sidecar that answers, as one Prometheus text, told apart by `process`. */
export async function allMetrics(
  own: Metrics,
  upstreams: readonly Upstream[],
  routes: Pick<Routes<Upstream>, "waits">,
): Promise<string> {
  const parts = upstreams.flatMap((upstream) =>
    upstream.replicas.map((replica, i) => sidecarFamilies(upstream, replica, i)),
  );
  const found = (await Promise.all(parts)).filter((part) => part !== undefined);
  const families = [...own.families(), ...upstreamFamilies(upstreams, routes)];
  const gateway = { labels: { process: "gateway" }, families };
  return renderPrometheus([gateway, ...found]);
}

/** One sidecar's families; undefined when it cannot be reached, which `layotto_upstream_up` tells. */
async function sidecarFamilies(
  upstream: Upstream,
  replica: Replica,
  index: number,
): Promise<LabelledFamilies | undefined> {
  if (!replica.isUsable) return undefined;
  try {
    const families = await replica.connection.metrics();
    const process = upstream.name;
    const labels = upstream.replicas.length > 1 ? { process, replica: String(index) } : { process };
    return { labels, families: families.map(fromWire) };
  } catch {
    return undefined;
  }
}

function fromWire({ name, help, type, samples }: WireFamily): MetricFamily {
  return {
    name,
    help,
    kind: kinds[type] ?? "gauge",
    samples: samples.map((sample) => ({
      suffix: sample.suffix,
      labels: Object.fromEntries(sample.labels.map((label) => [label.name, label.value])),
      value: sample.value,
    })),
  };
}
