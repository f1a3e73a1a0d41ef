import { HealthStatus, type Health } from "@layotto/proto/sidecar/v1/sidecar";
import type { RouteClash } from "../routing/route.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { entry, worst, type HealthEntry, type HealthWord } from "./status.ts";

/** Where the gateway process itself stands. */
export interface RuntimePhase {
  readonly status: HealthWord;
  /** `starting`, `shutdown`, or empty. */
  readonly reason: string;
}

/** Body of a health answer: Layotto's shape, and the upstreams beside it. */
export interface HealthBody {
  readonly components: Readonly<Record<string, HealthEntry>>;
  readonly upstreams?: Readonly<Record<string, HealthEntry>>;
  readonly status: HealthWord;
}

/**
 * Liveness is about this process alone: a restart of the gateway mends no back end, so theirs would only make an
 * orchestrator restart it for nothing.
 */
export function liveness(phase: RuntimePhase): HealthBody {
  return { components: { runtime_startup: startup(phase) }, status: phase.status };
}

/** Readiness is about everything behind the gateway, by Layotto's indicator names and by upstream. */
export function readiness(
  phase: RuntimePhase,
  upstreams: readonly Upstream[],
  clashes: readonly RouteClash[] = [],
): HealthBody {
  const components: Record<string, HealthEntry> = { runtime_startup: startup(phase) };
  for (const [name, found] of upstreams.flatMap(indicators)) {
    const known = components[name];
    components[name] = known === undefined || known.status === "UP" ? found : worse(known, found);
  }
  const byName = Object.fromEntries(
    upstreams.map((upstream) => [
      upstream.name,
      withClash(upstreamEntry(upstream), upstream, clashes),
    ]),
  );
  const status = worst([...Object.values(components), ...Object.values(byName)]);
  return { components, upstreams: byName, status };
}

/** The health of an upstream in Layotto's words. */
export function upstreamEntry(upstream: Upstream): HealthEntry {
  switch (upstream.state) {
    case "ready":
      return entry("UP", "");
    case "described":
      return healthEntry(upstream.description?.health);
    case "connecting":
      return entry("INIT", upstream.reason);
    case "lost":
    case "refused":
      return entry("DOWN", upstream.reason);
  }
}

/** The health of a component of the upstream; with the sidecar its components are out of reach too. */
export function componentEntry(upstream: Upstream, health: Health | undefined): HealthEntry {
  const isReachable = upstream.state === "ready" || upstream.state === "described";
  return isReachable ? healthEntry(health) : entry("DOWN", upstream.reason);
}

function startup({ status, reason }: RuntimePhase): HealthEntry {
  return { status, details: { reason } };
}

function healthEntry(health: Health | undefined): HealthEntry {
  const words: Partial<Record<HealthStatus, HealthWord>> = {
    [HealthStatus.UP]: "UP",
    [HealthStatus.DOWN]: "DOWN",
  };
  return entry(words[health?.status ?? HealthStatus.UNSPECIFIED] ?? "INIT", health?.reason ?? "");
}

function indicators(upstream: Upstream): [string, HealthEntry][] {
  const components = upstream.description?.components ?? [];
  return components
    .filter((component) => component.indicator !== "")
    .map(({ indicator, health }) => [indicator, componentEntry(upstream, health)]);
}

function worse(a: HealthEntry, b: HealthEntry): HealthEntry {
  return worst([a, b]) === a.status ? a : b;
}

/** A clash does not make the gateway unready, for the method is served; but whoever looks must see it. */
function withClash(
  found: HealthEntry,
  upstream: Upstream,
  clashes: readonly RouteClash[],
): HealthEntry {
  const mine = clashes.filter((clash) => clash.refused === upstream.name);
  if (mine.length === 0 || found.details !== undefined) return found;
  return entry(found.status, mine.map((clash) => clash.message).join("; "));
}
