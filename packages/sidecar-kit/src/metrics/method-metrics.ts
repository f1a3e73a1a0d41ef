import { statusName } from "@layotto/grpc-transport";
import { type MetricFamily, histogramSamples } from "./family.ts";
import { Histogram } from "./histogram.ts";

const codes = 17;
const inFlightCell = codes;
const bytesInCell = codes + 1;
const bytesOutCell = codes + 2;

/** Counters of one gRPC method: calls by code, in flight, bytes and latency. Costs a few array writes per call. */
export class MethodMetrics {
  /** `":path"` of the method. */
  readonly path: string;
  readonly latency = new Histogram();
  readonly #cells = new Float64Array(codes + 3);

  constructor(path: string) {
    this.path = path;
  }

  /** A call begins. Returns the time to give to {@link end}. */
  begin(): number {
    this.#add(inFlightCell, 1);
    return performance.now();
  }

  /** A call that began at `startedAt` is over. */
  end(code: number, startedAt: number): void {
    this.#add(inFlightCell, -1);
    this.#add(code < codes && code >= 0 ? code : 2, 1);
    this.latency.observe(performance.now() - startedAt);
  }

  /** A call that has begun is counted elsewhere. */
  abandon(): void {
    this.#add(inFlightCell, -1);
  }

  /** Message bytes that came in. */
  received(bytes: number): void {
    this.#add(bytesInCell, bytes);
  }

  /** Message bytes that went out. */
  sent(bytes: number): void {
    this.#add(bytesOutCell, bytes);
  }

  /** Finished calls that ended with this code. */
  count(code: number): number {
    return this.#cells[code] ?? 0;
  }

  /** Calls that have begun and not ended. */
  get inFlight(): number {
    return this.#cells[inFlightCell] ?? 0;
  }

  get bytesReceived(): number {
    return this.#cells[bytesInCell] ?? 0;
  }

  get bytesSent(): number {
    return this.#cells[bytesOutCell] ?? 0;
  }

  #add(cell: number, amount: number): void {
    this.#cells[cell] = (this.#cells[cell] ?? 0) + amount;
  }
}

/** Returns the families of all methods that were called at least once. */
export function methodFamilies(prefix: string, methods: Iterable<MethodMetrics>): MetricFamily[] {
  const family = (name: string, help: string, kind: MetricFamily["kind"]): MetricFamily => ({
    name: `${prefix}_${name}`,
    help,
    kind,
    samples: [],
  });
  const requests = family("requests_total", "Finished calls by method and gRPC code", "counter");
  const errors = family(
    "request_errors_total",
    "Finished calls with a code other than OK",
    "counter",
  );
  const inFlight = family("requests_in_flight", "Calls that have begun and not ended", "gauge");
  const latency = family(
    "request_duration_seconds",
    "Time from request to final status",
    "histogram",
  );
  const received = family("received_bytes_total", "Request message bytes", "counter");
  const sent = family("sent_bytes_total", "Response message bytes", "counter");
  for (const each of methods) {
    const method = each.path;
    if (each.latency.count === 0 && each.inFlight === 0) continue;
    const add = (to: MetricFamily, value: number) =>
      to.samples.push({ suffix: "", labels: { method }, value });
    for (let code = 0; code < codes; code += 1) {
      const value = each.count(code);
      const labels = { method, code: statusName(code) };
      if (value > 0) requests.samples.push({ suffix: "", labels, value });
    }
    add(errors, each.latency.count - each.count(0));
    add(inFlight, each.inFlight);
    add(received, each.bytesReceived);
    add(sent, each.bytesSent);
    latency.samples.push(...histogramSamples(each.latency, { method }));
  }
  return [requests, errors, inFlight, latency, received, sent].filter((f) => f.samples.length > 0);
}
