import type { MetricFamily } from "@layotto/sidecar-kit";
import type { Listeners } from "../listener/listeners.ts";
import type { Mesh } from "../mesh.ts";
import type { XdsState } from "../xds/state.ts";
import { addBreaker, addCalls } from "./call-families.ts";
import { addCluster } from "./cluster-families.ts";
import { FamilyBook } from "./family-book.ts";
import { addFunctions } from "./function-families.ts";
import type { Observed } from "./observed.ts";

/** The figures of the mesh, put together when somebody asks: per cluster, host, route and listener. */
export function meshFamilies({ mesh, listeners, registrations, xds }: Observed): MetricFamily[] {
  const book = new FamilyBook();
  for (const state of mesh.clusterStates()) addCluster(book, state);
  addRoutes(book, mesh);
  addListeners(book, listeners);
  addFunctions(book, listeners.functions);
  for (const { config, state } of registrations) {
    const labels = { service: config.service, registry: config.registry };
    const registered = state === "registered" ? 1 : 0;
    book.gauge("layotto_mesh_registered", "1 when the service is announced", labels, registered);
  }
  if (xds !== undefined) addXds(book, xds);
  return [...book.families(), ...listeners.flowFamilies()];
}

function addRoutes(book: FamilyBook, mesh: Mesh): void {
  const prefix = "layotto_mesh_route";
  for (const [route, { counters, breaker }] of mesh.namedRoutes()) {
    const labels = { route };
    addCalls(book, prefix, labels, counters);
    addBreaker(book, prefix, labels, breaker);
    if (counters.direct === 0) continue;
    const help = "Redirects and answers by configuration";
    book.counter(`${prefix}_direct_total`, help, labels, counters.direct);
  }
  for (const [router, count] of mesh.noRoutes) {
    book.counter("layotto_mesh_no_route_total", "Calls that match no route", { router }, count);
  }
}

function addListeners(book: FamilyBook, listeners: Listeners): void {
  const prefix = "layotto_mesh_listener";
  for (const { scope, connections, refused } of listeners.all) {
    const labels = { listener: scope.config.name };
    book.gauge(`${prefix}_connections`, "Open connections of callers", labels, connections);
    const help = "Connections refused at once: too many, or denied";
    book.counter(`${prefix}_refused_total`, help, labels, refused);
    const malformed = "Connections ended by a malformed message";
    book.counter(`${prefix}_malformed_total`, malformed, labels, scope.malformed);
  }
}

function addXds(book: FamilyBook, { connected, types }: XdsState): void {
  const prefix = "layotto_mesh_xds";
  const help = "1 while there is a stream to a management server";
  book.gauge(`${prefix}_connected`, help, {}, connected ? 1 : 0);
  for (const { type, resources, accepted, nacks } of types) {
    const labels = { type };
    book.gauge(`${prefix}_resources`, "Resources in use", labels, resources);
    book.counter(`${prefix}_accepted_total`, "Responses accepted whole", labels, accepted);
    book.counter(`${prefix}_nacks_total`, "Responses refused, in part at least", labels, nacks);
  }
}
