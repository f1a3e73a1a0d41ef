import { histogramSamples, type MetricFamily, type MetricKind } from "@layotto/sidecar-kit";
import type { InstalledFunction } from "../functions/installed-function.ts";
import { Totals } from "../functions/totals.ts";

/** So many functions have figures of their own; the rest are summed up under {@link OTHERS}. */
export const MAX_LABELS = 1000;

/** Label of the functions beyond {@link MAX_LABELS}; no function can have this name. */
export const OTHERS = "(others)";

const prefix = "layotto_wasm";

interface Row {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly value: (totals: Totals, functions: readonly InstalledFunction[]) => number;
}

const counter = (name: string, help: string, value: Row["value"]): Row => {
  return { name: `${prefix}_${name}_total`, help, kind: "counter", value };
};
const gauge = (name: string, help: string, value: Row["value"]): Row => {
  return { name: `${prefix}_${name}`, help, kind: "gauge", value };
};

const rows: readonly Row[] = [
  counter("calls", "Calls of functions, and streams of filters", ({ calls }) => calls),
  gauge("instances", "Instances that exist", ({ instances }) => instances),
  gauge("queued", "Calls that wait for an instance", ({ queued }) => queued),
  gauge("open_streams", "Calls and streams that are open", ({ openStreams }) => openStreams),
  counter("running_seconds", "Time in guests and in their host calls", ({ runningUs }) => {
    return runningUs / 1e6;
  }),
  counter("fuel", "Instructions, where they are counted", ({ fuel }) => fuel),
  gauge("memory_bytes", "Largest memory seen of an instance", ({ memoryBytes }) => memoryBytes),
  counter("recycled", "Instances that were replaced", ({ recycled }) => recycled),
  counter("swaps", "How often other versions took over", (_totals, functions) => {
    return functions.reduce((sum, { swaps }) => sum + swaps, 0);
  }),
];

interface Share {
  readonly label: string;
  readonly functions: readonly InstalledFunction[];
  readonly totals: Totals;
}

/** Figures of all functions, put together when somebody asks. */
export function functionFamilies(functions: Iterable<InstalledFunction>): MetricFamily[] {
  const shares = sharesOf([...functions]);
  return [
    ...rows.map(({ name, help, kind, value }) => {
      const samples = shares.map((each) => ({
        suffix: "",
        labels: { function: each.label },
        value: value(each.totals, each.functions),
      }));
      return { name, help, kind, samples };
    }),
    faultFamily(shares),
    durationFamily(shares),
  ];
}

function sharesOf(all: readonly InstalledFunction[]): Share[] {
  const shares = all.slice(0, MAX_LABELS).map((each) => {
    return { label: each.name, functions: [each], totals: each.totals() };
  });
  const others = all.slice(MAX_LABELS);
  if (others.length === 0) return shares;
  const totals = new Totals();
  for (const each of others) totals.merge(each.totals());
  return [...shares, { label: OTHERS, functions: others, totals }];
}

function faultFamily(shares: readonly Share[]): MetricFamily {
  const samples = shares.flatMap(({ label, totals }) =>
    [...totals.faults].map(([kind, value]) => {
      return { suffix: "", labels: { function: label, kind }, value };
    }),
  );
  const help = "Calls and events that failed, by kind";
  return { name: `${prefix}_faults_total`, help, kind: "counter", samples };
}

/** Functions that are not called have no buckets: a thousand of them would make a page of megabytes. */
function durationFamily(shares: readonly Share[]): MetricFamily {
  const called = shares.filter(({ label, functions }) => {
    return label !== OTHERS && functions.some(({ durations }) => durations.count > 0);
  });
  const samples = called.flatMap(({ label, functions }) =>
    functions.flatMap(({ durations }) => histogramSamples(durations, { function: label })),
  );
  const help = "From a call, or the phase of a filter, to what comes of it";
  return { name: `${prefix}_duration_seconds`, help, kind: "histogram", samples };
}
