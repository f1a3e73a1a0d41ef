import { type MetricFamily, histogramSamples } from "./family.ts";
import { Histogram } from "./histogram.ts";

/** Counts one operation of one component, e.g. `get` of the store `orders`. Look it up once and keep it. */
export class OperationMetrics {
  readonly operation: string;
  readonly latency = new Histogram();
  #errors = 0;

  constructor(operation: string) {
    this.operation = operation;
  }

  /** An operation begins. Returns the time to give to {@link end}. */
  begin(): number {
    return performance.now();
  }

  /** An operation that began at `startedAt` is over. */
  end(startedAt: number, failed = false): void {
    this.latency.observe(performance.now() - startedAt);
    if (failed) this.#errors += 1;
  }

  get errors(): number {
    return this.#errors;
  }

  /** Runs `work` and counts it; for paths where one closure per call does not matter. */
  async measure<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = this.begin();
    let failed = true;
    try {
      const result = await work();
      failed = false;
      return result;
    } finally {
      this.end(startedAt, failed);
    }
  }
}

/** Operations, errors and latency of one component. */
export class ComponentMetrics {
  readonly section: string;
  readonly component: string;
  readonly #operations = new Map<string, OperationMetrics>();

  constructor(section: string, component: string) {
    this.section = section;
    this.component = component;
  }

  /** The counters of one operation; the same object for the same name. */
  operation(name: string): OperationMetrics {
    let found = this.#operations.get(name);
    if (found === undefined) {
      found = new OperationMetrics(name);
      this.#operations.set(name, found);
    }
    return found;
  }

  operations(): Iterable<OperationMetrics> {
    return this.#operations.values();
  }
}

/** Returns the families of all component operations that happened at least once. */
export function componentFamilies(components: Iterable<ComponentMetrics>): MetricFamily[] {
  const family = (name: string, help: string, kind: MetricFamily["kind"]): MetricFamily => ({
    name: `layotto_component_${name}`,
    help,
    kind,
    samples: [],
  });
  const operations = family("operations_total", "Finished operations of a component", "counter");
  const errors = family("errors_total", "Operations of a component that failed", "counter");
  const latency = family("operation_duration_seconds", "Time of one operation", "histogram");
  for (const each of components) {
    for (const one of each.operations()) {
      if (one.latency.count === 0) continue;
      const labels = { section: each.section, component: each.component, operation: one.operation };
      operations.samples.push({ suffix: "", labels, value: one.latency.count });
      errors.samples.push({ suffix: "", labels, value: one.errors });
      latency.samples.push(...histogramSamples(one.latency, labels));
    }
  }
  return [operations, errors, latency].filter((each) => each.samples.length > 0);
}
