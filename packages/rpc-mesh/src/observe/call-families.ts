import { histogramSamples, type Labels } from "@layotto/sidecar-kit";
import type { CallCounters } from "../call/counters.ts";
import type { Breaker, BreakerState } from "../resilience/breaker.ts";
import type { FamilyBook } from "./family-book.ts";

/** Names of the grades of answers, in their order. */
const gradeNames = [
  "success",
  "client_error",
  "server_error",
  "gateway_error",
  "overload",
] as const;

/**
 * What is counted of routes and of clusters alike; nothing of those that were never called.
 *
 * @param prefix e.g. `layotto_mesh_route`
 */
export function addCalls(
  book: FamilyBook,
  prefix: string,
  labels: Labels,
  counters: CallCounters,
): void {
  if (counters.calls === 0) return;
  const count = (name: string, help: string, value: number): void => {
    book.counter(`${prefix}_${name}_total`, help, labels, value);
  };
  count("calls", "Calls that have begun", counters.calls);
  book.gauge(`${prefix}_active`, "Calls under way", labels, counters.active);
  for (const [grade, name] of gradeNames.entries()) {
    const own = { ...labels, grade: name };
    const value = counters.answers[grade] ?? 0;
    book.counter(`${prefix}_answers_total`, "Answers of hosts, by grade", own, value);
  }
  for (const [flag, value] of counters.failures) {
    const own = { ...labels, flag };
    book.counter(`${prefix}_failures_total`, "Answers of the mesh's own, by flag", own, value);
  }
  count("cancelled", "Calls whose caller went away", counters.cancelled);
  count("retries", "Attempts after a failed one", counters.retries);
  const help = "Time until the head of the answer";
  const samples = histogramSamples(counters.latency, labels);
  book.add(`${prefix}_latency_seconds`, help, "histogram", samples);
}

const stateValues: Readonly<Record<BreakerState, number>> = { closed: 0, "half-open": 1, open: 2 };

/** The circuit breaker of a route or a host, if it has one. */
export function addBreaker(
  book: FamilyBook,
  prefix: string,
  labels: Labels,
  breaker: Breaker | undefined,
): void {
  if (breaker === undefined) return;
  const help = "Circuit breaker: 0 closed, 1 half open, 2 open";
  book.gauge(`${prefix}_breaker_state`, help, labels, stateValues[breaker.state]);
  const opened = "Times the circuit breaker opened";
  book.counter(`${prefix}_breaker_opened_total`, opened, labels, breaker.opened);
}
