import { MetricType, type MetricFamily as WireFamily } from "@layotto/proto/sidecar/v1/sidecar";
import {
  renderPrometheus,
  type LabelledFamilies,
  type Metrics,
  type MetricFamily,
  type MetricKind,
} from "@layotto/sidecar-kit";
import type { Replica } from "../upstream/replica.ts";
import type { Upstream } from "../upstream/upstream.ts";

const kinds: Partial<Record<MetricType, MetricKind>> = {
  [MetricType.COUNTER]: "counter",
  [MetricType.HISTOGRAM]: "histogram",
};

/** The metrics of the gateway and of every sidecar that answers, as one Prometheus text, told apart by `process`. */
export async function allMetrics(own: Metrics, upstreams: readonly Upstream[]): Promise<string> {
  const parts = upstreams.flatMap((upstream) =>
    upstream.replicas.map((replica, i) => sidecarFamilies(upstream, replica, i)),
  );
  const found = (await Promise.all(parts)).filter((part) => part !== undefined);
  const gateway = { labels: { process: "gateway" }, families: own.families() };
  return renderPrometheus([gateway, upFamily(upstreams), ...found]);
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

function upFamily(upstreams: readonly Upstream[]): LabelledFamilies {
  const samples = upstreams.flatMap((upstream) =>
    upstream.replicas.map(({ address, isUsable }) => ({
      suffix: "",
      labels: { upstream: upstream.name, address },
      value: isUsable ? 1 : 0,
    })),
  );
  const help = "Whether the gateway can send calls to the replica";
  const family: MetricFamily = { name: "layotto_upstream_up", help, kind: "gauge", samples };
  return { labels: { process: "gateway" }, families: [family] };
}
