import type { ClusterConfig } from "../model/cluster.ts";
import type { RouterConfig } from "../model/route.ts";
import { clustersOf } from "./read/route.ts";
import type { AllWanted } from "./wanted.ts";

/** Longest wait for hosts of a new cluster, for routes of a new listener, and for routes to leave a removed cluster. */
export const warmingMs = 15_000;

/** How warm clusters are. */
export interface Warmth {
  /** How many hosts EDS has named; undefined: it has not answered. */
  readonly hostsOf: (service: string) => number | undefined;
  /** Whether a cluster without EDS has hosts; undefined: it is taken for granted. */
  readonly isReady: ((cluster: string) => boolean) | undefined;
}

/** New clusters that have no hosts yet, at one moment. */
export class ColdClusters {
  /** Nothing is known of their hosts. */
  readonly unanswered = new Set<string>();
  /** They are known to have no hosts so far. */
  readonly empty = new Set<string>();
  /** One of them tells nobody when it becomes ready: it has to be asked. */
  hasToBeAsked = false;

  constructor(clusters: AllWanted<ClusterConfig>, warmth: Warmth, now: number) {
    for (const [name, { value, since }] of clusters) {
      if (now - since < warmingMs) this.look(name, value, warmth);
    }
  }

  *names(): Iterable<string> {
    yield* this.unanswered;
    yield* this.empty;
  }

  /**
   * Whether routes have to wait. Where there are none yet, a cluster that is known to be empty is no reason: the others
   * are better than nothing. Nor is one that the old routes lead to as well.
   */
  holdBack(router: RouterConfig, old: RouterConfig | undefined): boolean {
    const before = old === undefined ? undefined : clustersOf(old);
    for (const name of clustersOf(router)) {
      if (before?.has(name) === true) continue;
      if (this.unanswered.has(name) || (before !== undefined && this.empty.has(name))) return true;
    }
    return false;
  }

  private look(name: string, { source }: ClusterConfig, { hostsOf, isReady }: Warmth): void {
    if (source.type !== "eds") {
      if (isReady?.(name) !== false) return;
      this.unanswered.add(name);
      this.hasToBeAsked = true;
      return;
    }
    const hosts = hostsOf(source.service);
    if (hosts === undefined) this.unanswered.add(name);
    else if (hosts === 0) this.empty.add(name);
  }
}
