import type { Labels, MetricKind, MetricSample } from "@layotto/sidecar-kit";

/** Kinds in the order of proxy_metric_type_t. */
export const metricKinds = [
  "counter",
  "gauge",
  "histogram",
] as const satisfies readonly MetricKind[];

/** Upper bounds of the buckets of histograms, whose unit only the guest knows: 1, 4, 16 … 4^15. */
const bounds = Array.from({ length: 16 }, (_, index) => 4 ** index);

/** Values are 64 bits wide. */
const MAX_VALUE = (1n << 64n) - 1n;

/** One metric of one function. */
export class GuestMetric {
  readonly kind: MetricKind;
  /** Of counters and gauges; of histograms the sum. */
  #value = 0n;
  #count = 0;
  readonly #buckets: number[];

  constructor(kind: MetricKind) {
    this.kind = kind;
    this.#buckets = kind === "histogram" ? bounds.map(() => 0) : [];
  }

  get value(): bigint {
    return this.#value;
  }

  /** Sets a counter or gauge; adds a value to a histogram. */
  record(value: bigint): void {
    const recorded = BigInt.asUintN(64, value);
    if (this.kind !== "histogram") this.#value = recorded;
    else this.#observe(recorded);
  }

  /** Returns whether the offset can be applied: counters only grow, gauges do not go below 0, histograms have neither. */
  increment(offset: bigint): boolean {
    if (this.kind === "histogram" || (this.kind === "counter" && offset < 0n)) return false;
    const sum = this.#value + offset;
    if (sum < 0n || sum > MAX_VALUE) return false;
    this.#value = sum;
    return true;
  }

  samples(labels: Labels): MetricSample[] {
    if (this.kind !== "histogram") return [{ suffix: "", labels, value: Number(this.#value) }];
    let below = 0;
    const buckets = bounds.map((bound, index) => {
      below += this.#buckets[index] ?? 0;
      return { suffix: "_bucket", labels: { ...labels, le: String(bound) }, value: below };
    });
    return [
      ...buckets,
      { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: this.#count },
      { suffix: "_sum", labels, value: Number(this.#value) },
      { suffix: "_count", labels, value: this.#count },
    ];
  }

  #observe(value: bigint): void {
    this.#value += value;
    this.#count += 1;
    const index = bounds.findIndex((bound) => Number(value) <= bound);
    if (index >= 0) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
  }
}
