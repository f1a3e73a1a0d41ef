import { statSync } from "node:fs";
import type { RouteClash } from "../routing/route.ts";
import type { Replica } from "../upstream/replica.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Reachability } from "./app-reachability.ts";
import { componentEntry } from "./health.ts";

/** What {@link infoBody} is made from. */
export interface InfoInput {
  /** Release of the gateway. */
  readonly version: string;
  /** When it was built, RFC 3339. */
  readonly compiled: string;
  readonly upstreams: readonly Upstream[];
  readonly routes: {
    readonly epoch: number;
    readonly paths: readonly string[];
    readonly clashes: readonly RouteClash[];
  };
  /** Names of the layers that are on. */
  readonly layers: readonly string[];
  /** The app's callback port; undefined when none is configured. */
  readonly callback: Reachability | undefined;
  /** What the traffic filters say about themselves, by their names; those that are off are not in it. */
  readonly filters: Readonly<Record<string, unknown>>;
}

/** Body of `/actuator/info`: Layotto's `app`, and beside it what runs here. */
export function infoBody(input: InfoInput): Record<string, unknown> {
  const { version, compiled, upstreams, routes, layers, callback, filters } = input;
  const { epoch, paths, clashes } = routes;
  return {
    app: { name: "Layotto", version, compiled },
    components: upstreams.flatMap(components),
    upstreams: Object.fromEntries(
      upstreams.map((upstream) => [upstream.name, upstreamInfo(upstream)]),
    ),
    routes: { epoch, methods: paths.length, clashes: clashes.map((clash) => clash.message) },
    layers,
    ...filters,
    ...(callback === undefined ? {} : { app_callback: callback }),
  };
}

/** When a file was built, RFC 3339; the start of this process when that cannot be known. */
export function builtAt(file: string): string {
  try {
    return statSync(file).mtime.toISOString();
  } catch {
    return new Date(performance.timeOrigin).toISOString();
  }
}

function components(upstream: Upstream): Record<string, unknown>[] {
  return (upstream.description?.components ?? []).map(({ section, name, type, health }) => ({
    section,
    name,
    type,
    upstream: upstream.name,
    ...componentEntry(upstream, health),
  }));
}

function upstreamInfo(upstream: Upstream): Record<string, unknown> {
  const { capability, state, reason, waiting, replicas } = upstream;
  return { capability, state, reason, waiting, replicas: replicas.map(replicaInfo) };
}

function replicaInfo(replica: Replica): Record<string, unknown> {
  const { address, state, reason, outstanding, description } = replica;
  const { name, version, generation, info } = description ?? {};
  return { address, state, reason, outstanding, name, version, generation, info };
}
