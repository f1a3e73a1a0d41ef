import type { Labels } from "@layotto/sidecar-kit";
import type { ClusterState } from "../call/cluster-state.ts";
import { Unfit, type Host } from "../cluster/host.ts";
import { addBreaker, addCalls } from "./call-families.ts";
import type { FamilyBook } from "./family-book.ts";

const prefix = "layotto_mesh_cluster";

const causes: readonly (readonly [bit: number, cause: string])[] = [
  [Unfit.CHECK, "health_check"],
  [Unfit.OUTLIER, "ejected"],
  [Unfit.REGISTRY, "registry"],
  [Unfit.DRAINING, "draining"],
  [Unfit.BREAKER, "breaker"],
];

const results = [
  ["success", "success"],
  ["client_error", "clientError"],
  ["server_error", "serverError"],
  ["failed", "failed"],
  ["timeout", "timeouts"],
] as const;

/** A cluster and its hosts. */
export function addCluster(book: FamilyBook, state: ClusterState): void {
  const labels = { cluster: state.cluster.name };
  addHosts(book, labels, state.cluster.hosts);
  addCalls(book, prefix, labels, state.counters);
  addAttempts(book, labels, state);
  addRetries(book, labels, state);
}

function addAttempts(book: FamilyBook, labels: Labels, { counters }: ClusterState): void {
  const count = (name: string, help: string, value: number): void => {
    if (counters.calls > 0 || value > 0)
      book.counter(`${prefix}_${name}_total`, help, labels, value);
  };
  count("attempts", "Sendings, the first ones included", counters.attempts);
  count("retries_denied", "Retries that budget or limit did not allow", counters.retriesDenied);
  count("hedges", "Further attempts before an answer", counters.hedges);
  count("mirrored", "Copies that came from other routes", counters.mirrored);
}

function addRetries(book: FamilyBook, labels: Labels, state: ClusterState): void {
  const { budget, adaptive, retrying } = state;
  const budgetHelp = "Retries that the budget allows now";
  book.gauge(`${prefix}_retry_budget`, budgetHelp, labels, budget.balance);
  book.gauge(`${prefix}_retrying`, "Calls that are being retried", labels, retrying);
  if (adaptive === undefined) return;
  const help = "Adaptive limit of calls under way";
  book.gauge(`${prefix}_concurrency_limit`, help, labels, adaptive.limit);
}

function addHosts(book: FamilyBook, labels: Labels, hosts: readonly Host[]): void {
  const counts = causes.map(() => 0);
  let healthy = 0;
  for (const host of hosts) {
    if (host.unfit === 0) healthy += 1;
    else countCauses(counts, host);
    // Of thousands of hosts those that have never been called would say nothing but their names.
    if (host.totals.requests > 0 || host.unfit !== 0) addHost(book, labels, host);
  }
  book.gauge(`${prefix}_hosts`, "Known hosts", labels, hosts.length);
  book.gauge(`${prefix}_healthy_hosts`, "Hosts that may get calls", labels, healthy);
  for (const [i, [, cause]] of causes.entries()) {
    const own = { ...labels, cause };
    book.gauge(`${prefix}_unfit_hosts`, "Hosts that are out, by cause", own, counts[i] ?? 0);
  }
}

function countCauses(counts: number[], { unfit }: Host): void {
  for (const [i, [bit]] of causes.entries()) {
    if ((unfit & bit) !== 0) counts[i] = (counts[i] ?? 0) + 1;
  }
}

function addHost(book: FamilyBook, labels: Labels, host: Host): void {
  const own = { ...labels, host: host.address };
  const name = "layotto_mesh_host";
  const healthy = host.unfit === 0 ? 1 : 0;
  book.gauge(`${name}_healthy`, "1 when the host may get calls", own, healthy);
  book.gauge(`${name}_active`, "Calls under way", own, host.active);
  book.gauge(`${name}_connections`, "Open connections", own, host.connections);
  for (const [result, key] of results) {
    const help = "Attempts that ended, by result";
    book.counter(`${name}_attempts_total`, help, { ...own, result }, host.totals[key]);
  }
  book.counter(`${name}_ejections_total`, "Times it was ejected", own, host.ejections);
  addBreaker(book, name, own, host.breaker);
}
