import { type Histogram } from "./histogram.ts";

/** Kind of a metric family, as Prometheus names them. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** Label names and values of one sample. */
export type Labels = Readonly<Record<string, string>>;

/** One value of a family. */
export interface MetricSample {
  /** Appended to the family name: `"_bucket"`, `"_sum"`, `"_count"`; empty for counters and gauges. */
  suffix: string;
  labels: Labels;
  value: number;
}

/** A snapshot of all values of one metric. */
export interface MetricFamily {
  /** Without suffix; base units (seconds, bytes), counters end in `_total`. */
  name: string;
  help: string;
  kind: MetricKind;
  samples: MetricSample[];
}

/** Returns the samples of one histogram in seconds, as Prometheus wants them. */
export function histogramSamples(histogram: Histogram, labels: Labels): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const { boundUs, count } of histogram.cumulative()) {
    const le = String(boundUs / 1e6);
    samples.push({ suffix: "_bucket", labels: { ...labels, le }, value: count });
  }
  samples.push({ suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: histogram.count });
  samples.push({ suffix: "_sum", labels, value: histogram.sumMs / 1000 });
  samples.push({ suffix: "_count", labels, value: histogram.count });
  return samples;
}
