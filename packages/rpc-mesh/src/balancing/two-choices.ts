import type { Host } from "../cluster/host.ts";
import type { PickContext } from "../cluster/pick.ts";
import { isTried, untriedFrom } from "./balancer.ts";
import type { SlowStart } from "./slow-start.ts";

/** Draws per wanted candidate at most; more are only needed when most hosts were tried or are warming up. */
const DRAWS_PER_CHOICE = 16;

/** What the power of d choices is played with. */
export interface ChoiceRules {
  /** d: hosts that are compared. */
  readonly choices: number;
  readonly slowStart: SlowStart | undefined;
  /** The smaller, the better. */
  costOf(host: Host): number;
  /** Index of a candidate; every host alike unless weights say otherwise. */
  draw(): number;
}

/**
 * The power of d choices: of d hosts drawn at random the one with the least cost (M. Mitzenmacher, The Power of Two
 * Choices in Randomized Load Balancing, 2001). The first drawn wins ties, so equal hosts get equal shares. Two
 * candidates are never the same host. A host that is warming up becomes a candidate less often.
 */
export function bestOf(
  rules: ChoiceRules,
  live: readonly Host[],
  context: PickContext,
): Host | undefined {
  const choices = Math.min(rules.choices, live.length);
  const draws = choices * DRAWS_PER_CHOICE;
  let best: Host | undefined;
  let bestCost = Infinity;
  let found = 0;
  for (let i = 0; i < draws && found < choices; i += 1) {
    const host = live[rules.draw()];
    if (host === undefined || host === best || isTried(host, context)) continue;
    if (rules.slowStart !== undefined && !rules.slowStart.admits(host)) continue;
    found += 1;
    const cost = rules.costOf(host);
    if (cost >= bestCost && best !== undefined) continue;
    best = host;
    bestCost = cost;
  }
  return best ?? untriedFrom(live, rules.draw(), context);
}
