import type { Sample } from "./prometheus.ts";

/** What the gateway counts for itself has `grpc` in its name, what sidecars count has not. */
const requestsTotal = /^layotto_(grpc_)?requests_total$/;
const secondsBucket = /^layotto_(grpc_)?request_duration_seconds_bucket$/;

/** Services between gateway and sidecars: their calls are none of an app. */
const internalServices = /^\/(sidecar\.v1|grpc\.(health|reflection))\./;

/** Calls of one process, as it counted them. */
export interface Traffic {
  calls: number;
  /** Calls that ended with a status other than OK. */
  errors: number;
  /** Latency that 99 of 100 calls stayed below, in milliseconds, to the precision of the histogram. */
  p99Ms: number | null;
}

/** Sums the metrics of every process, by its label `process`. */
export function trafficByProcess(samples: readonly Sample[]): Map<string, Traffic> {
  const byProcess = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { process, method } = sample.labels;
    if (process === undefined || internalServices.test(method ?? "")) continue;
    const own = byProcess.get(process) ?? [];
    own.push(sample);
    byProcess.set(process, own);
  }
  return new Map([...byProcess].map(([process, own]) => [process, sum(own)]));
}

function sum(samples: readonly Sample[]): Traffic {
  const requests = samples.filter((s) => requestsTotal.test(s.name));
  return {
    calls: total(requests),
    errors: total(requests.filter((s) => !isOk(s.labels["code"]))),
    p99Ms: round(
      quantileMs(
        samples.filter((s) => secondsBucket.test(s.name)),
        0.99,
      ),
    ),
  };
}

function round(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}

function isOk(code: string | undefined): boolean {
  return code === "OK" || code === "0";
}

function total(samples: readonly Sample[]): number {
  return samples.reduce((sum, sample) => sum + sample.value, 0);
}

/** Quantile of a cumulative histogram, linear within a bucket; of the last bucket its lower bound. */
function quantileMs(buckets: readonly Sample[], quantile: number): number | null {
  const byBound = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
    byBound.set(bound, (byBound.get(bound) ?? 0) + value);
  }
  const rows = [...byBound].toSorted(([a], [b]) => a - b);
  const count = rows.at(-1)?.[1] ?? 0;
  if (count === 0) return null;
  const wanted = count * quantile;
  let lower = 0;
  let below = 0;
  for (const [bound, upTo] of rows) {
    if (upTo >= wanted) {
      if (bound === Infinity) return lower * 1000;
      return (lower + ((bound - lower) * (wanted - below)) / (upTo - below)) * 1000;
    }
    lower = bound;
    below = upTo;
  }
  return lower * 1000;
}
