import type { MetricFamily, MetricKind } from "@layotto/sidecar-kit";
import type { Routes } from "../routing/routes.ts";
import type { Upstream } from "./upstream.ts";

/** Which replicas can be reached, and the calls that had to wait because one could not; counted when asked for. */
export function upstreamFamilies(
  upstreams: readonly Upstream[],
  routes: Pick<Routes<Upstream>, "waits">,
): MetricFamily[] {
  const help = "Whether the gateway can send calls to the replica";
  const route = [{ suffix: "", labels: {}, value: routes.waits }];
  return [
    { name: "layotto_upstream_up", help, kind: "gauge", samples: upstreams.flatMap(upSamples) },
    perUpstream(upstreams, "waits_total", "Calls that waited for the sidecar", "counter", "waits"),
    perUpstream(
      upstreams,
      "failed_waits_total",
      "Calls that waited for the sidecar in vain",
      "counter",
      "failedWaits",
    ),
    perUpstream(
      upstreams,
      "replays_total",
      "Calls sent again because the sidecar did not act on them",
      "counter",
      "replays",
    ),
    perUpstream(upstreams, "waiting", "Calls that wait for the sidecar now", "gauge", "waiting"),
    {
      name: "layotto_route_waits_total",
      help: "Calls to unknown methods that waited for sidecars to say what they serve",
      kind: "counter",
      samples: route,
    },
  ];
}

function upSamples(upstream: Upstream): MetricFamily["samples"] {
  return upstream.replicas.map(({ address, isUsable }) => ({
    suffix: "",
    labels: { upstream: upstream.name, address },
    value: isUsable ? 1 : 0,
  }));
}

function perUpstream(
  upstreams: readonly Upstream[],
  name: string,
  help: string,
  kind: MetricKind,
  key: "waits" | "failedWaits" | "replays" | "waiting",
): MetricFamily {
  const samples = upstreams.map((upstream) => ({
    suffix: "",
    labels: { upstream: upstream.name },
    value: upstream[key],
  }));
  return { name: `layotto_upstream_${name}`, help, kind, samples };
}
