import { isDeepStrictEqual } from "node:util";
import type { MeshClock } from "../clock.ts";
import type { BreakerConfig } from "../model/cluster.ts";
import { Breaker } from "../resilience/breaker.ts";
import { compileRetry, type RetryRules } from "../resilience/retry-rules.ts";
import type { Route } from "../routing/router.ts";
import { CallCounters } from "./counters.ts";

/** What a route remembers between calls. */
export class RouteState {
  readonly counters = new CallCounters();
  breaker: Breaker | undefined;
  retry: RetryRules | undefined;
  private readonly clock: MeshClock;
  private config: BreakerConfig | undefined;

  constructor(route: Route, clock: MeshClock) {
    this.clock = clock;
    this.adopt(route);
  }

  /** Takes over the settings of a route that replaces one of the same name; an unchanged breaker stays as it is. */
  adopt({ config, action }: Route): void {
    const policy = action.type === "forward" ? action.retry : undefined;
    this.retry = policy && compileRetry(policy);
    if (isDeepStrictEqual(config.breaker, this.config)) return;
    this.config = config.breaker;
    this.breaker = config.breaker && new Breaker(config.breaker, this.clock);
  }
}
