import type { MetricFamily, MetricKind, MetricSample } from "@layotto/sidecar-kit";
import { WasmStatus } from "../model/host-calls.ts";
import { accepted, failed, refused, withNumber, withValue } from "./answers.ts";
import { GuestMetric, metricKinds } from "./guest-metric.ts";
import { functionOf, type HostCaller, type HostHandlers } from "./host-caller.ts";

/** Metrics that one function may define. */
export const maxMetricsPerFunction = 200;
/** Longest name of a metric, characters. */
const MAX_NAME = 200;
const PREFIX = "layotto_wasm_guest_";

interface Defined {
  readonly owner: string;
  /** As it is exported. */
  readonly name: string;
  readonly metric: GuestMetric;
}

type MetricOps = "define_metric" | "record_metric" | "increment_metric" | "get_metric";

/**
 * Metrics that functions define: shared by all instances and versions of a function, exported as
 * `layotto_wasm_guest_NAME` with label `function`. Characters that Prometheus does not know become `_`.
 */
export class GuestMetrics {
  readonly #byId = new Map<number, Defined>();
  /** By function, then by kind and name as the guest wrote it. */
  readonly #spaces = new Map<string, Map<string, number>>();
  #lastId = 0;

  /** Host calls. */
  handlers(): HostHandlers<MetricOps> {
    return {
      define_metric: (caller, [type, name], answer) => {
        const kind = metricKinds[type];
        if (kind === undefined || name === "" || name.length > MAX_NAME)
          return answer(refused(WasmStatus.BAD_ARGUMENT));
        const id = this.#define(functionOf(caller), kind, name);
        answer(id === undefined ? failed : withNumber(id));
      },
      record_metric: (caller, [id, value], answer) => {
        const metric = this.#find(caller, id);
        if (metric === undefined) return answer(refused(WasmStatus.NOT_FOUND));
        metric.record(value);
        answer(accepted);
      },
      increment_metric: (caller, [id, offset], answer) => {
        const metric = this.#find(caller, id);
        if (metric === undefined) return answer(refused(WasmStatus.NOT_FOUND));
        answer(metric.increment(offset) ? accepted : refused(WasmStatus.BAD_ARGUMENT));
      },
      get_metric: (caller, [id], answer) => {
        const metric = this.#find(caller, id);
        if (metric === undefined || metric.kind === "histogram")
          return answer(refused(WasmStatus.NOT_FOUND));
        answer(withValue(octetsOf(metric.value)));
      },
    };
  }

  /** The function is uninstalled: its metrics go. */
  forget(name: string): void {
    for (const id of this.#spaces.get(name)?.values() ?? []) this.#byId.delete(id);
    this.#spaces.delete(name);
  }

  /** For the metrics of the process. */
  families(): MetricFamily[] {
    const families = new Map<string, MetricFamily>();
    for (const { owner, name, metric } of this.#byId.values()) {
      const samples: MetricSample[] = metric.samples({ function: owner });
      const family = families.get(name);
      if (family !== undefined) family.samples.push(...samples);
      else families.set(name, { name, kind: metric.kind, help: "Defined by functions", samples });
    }
    return [...families.values()];
  }

  #define(owner: string, kind: MetricKind, name: string): number | undefined {
    const space = this.#spaces.get(owner) ?? new Map<string, number>();
    const key = `${kind} ${exportedName(kind, name)}`;
    const found = space.get(key);
    if (found !== undefined || space.size >= maxMetricsPerFunction) return found;
    const id = ++this.#lastId;
    this.#spaces.set(owner, space.set(key, id));
    this.#byId.set(id, { owner, name: exportedName(kind, name), metric: new GuestMetric(kind) });
    return id;
  }

  #find(caller: HostCaller, id: number): GuestMetric | undefined {
    const defined = this.#byId.get(id);
    return defined?.owner === functionOf(caller) ? defined.metric : undefined;
  }
}

/** Endings keep the kinds apart: two functions may mean different things by one name. */
function exportedName(kind: MetricKind, name: string): string {
  const clean = PREFIX + name.replace(/[^a-zA-Z0-9_]/g, "_");
  if (kind === "counter") return clean.endsWith("_total") ? clean : `${clean}_total`;
  if (kind === "histogram")
    return clean.endsWith("_distribution") ? clean : `${clean}_distribution`;
  return /_(total|distribution|bucket|sum|count)$/.test(clean) ? `${clean}_value` : clean;
}

function octetsOf(value: bigint): Uint8Array {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(value);
  return octets;
}
