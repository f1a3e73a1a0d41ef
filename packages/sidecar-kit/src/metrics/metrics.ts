import { ComponentMetrics, componentFamilies } from "./component-metrics.ts";
import type { Labels, MetricFamily, MetricKind } from "./family.ts";
import { MethodMetrics, methodFamilies } from "./method-metrics.ts";

/** A value of a counter or gauge. Look it up once and keep it. */
export interface Value {
  add(amount: number): void;
  set(value: number): void;
  readonly value: number;
}

/** All metrics of a process. Nothing is formatted before somebody asks for {@link families}. */
export class Metrics {
  readonly #prefix: string;
  readonly #methods = new Map<string, MethodMetrics>();
  readonly #components = new Map<string, ComponentMetrics>();
  readonly #custom = new Map<string, ValueFamily>();
  readonly #sources: (() => MetricFamily[])[] = [];

  /** @param prefix of the per-method families; default `"layotto"` */
  constructor(prefix = "layotto") {
    this.#prefix = prefix;
  }

  /** Counters of one gRPC method, created on first use. */
  method(path: string): MethodMetrics {
    let found = this.#methods.get(path);
    if (found === undefined) {
      found = new MethodMetrics(path);
      this.#methods.set(path, found);
    }
    return found;
  }

  /** Counters of one component, created on first use. */
  component(section: string, name: string): ComponentMetrics {
    const key = `${section}/${name}`;
    let found = this.#components.get(key);
    if (found === undefined) {
      found = new ComponentMetrics(section, name);
      this.#components.set(key, found);
    }
    return found;
  }

  /** One value of a counter, e.g. `counter("layotto_replays_total", "Calls sent again", { upstream })`. */
  counter(name: string, help: string, labels: Labels = {}): Value {
    return this.#family(name, help, "counter").value(labels);
  }

  /** One value of a gauge. */
  gauge(name: string, help: string, labels: Labels = {}): Value {
    return this.#family(name, help, "gauge").value(labels);
  }

  /** Adds families that are computed when asked for, e.g. process metrics. */
  addSource(source: () => MetricFamily[]): void {
    this.#sources.push(source);
  }

  /** A snapshot of everything. */
  families(): MetricFamily[] {
    return [
      ...methodFamilies(this.#prefix, this.#methods.values()),
      ...componentFamilies(this.#components.values()),
      ...[...this.#custom.values()].map((each) => each.snapshot()),
      ...this.#sources.flatMap((source) => source()),
    ];
  }

  #family(name: string, help: string, kind: MetricKind): ValueFamily {
    let found = this.#custom.get(name);
    if (found === undefined) {
      found = new ValueFamily(name, help, kind);
      this.#custom.set(name, found);
    }
    return found;
  }
}

class ValueFamily {
  readonly #family: Omit<MetricFamily, "samples">;
  readonly #values = new Map<string, { labels: Labels; cell: Cell }>();

  constructor(name: string, help: string, kind: MetricKind) {
    this.#family = { name, help, kind };
  }

  value(labels: Labels): Value {
    const key = JSON.stringify(labels);
    let found = this.#values.get(key);
    if (found === undefined) {
      found = { labels, cell: new Cell() };
      this.#values.set(key, found);
    }
    return found.cell;
  }

  snapshot(): MetricFamily {
    const samples = [...this.#values.values()].map(({ labels, cell }) => ({
      suffix: "",
      labels,
      value: cell.value,
    }));
    return { ...this.#family, samples };
  }
}

class Cell implements Value {
  // A one-cell typed array keeps the number unboxed: a plain double field would be allocated anew on each write.
  readonly #cell = new Float64Array(1);

  get value(): number {
    return this.#cell[0] ?? 0;
  }

  add(amount: number): void {
    this.#cell[0] = (this.#cell[0] ?? 0) + amount;
  }

  set(value: number): void {
    this.#cell[0] = value;
  }
}
