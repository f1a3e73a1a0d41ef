import type { Random } from "../clock.ts";
import type { RequestView } from "../call/request.ts";
import type { FaultConfig } from "../model/route.ts";
import { matchField } from "../routing/match-field.ts";

/** What shall go wrong with a request. */
export interface FaultDecision {
  /** First wait so long, ms; 0: not at all. */
  readonly delayMs: number;
  /** Then answer with this HTTP status; 0: go on. */
  readonly abort: number;
}

/** Decides by chance; delay and abort are independent of each other. undefined: nothing goes wrong. */
export function decideFault(
  fault: FaultConfig,
  request: RequestView,
  cluster: string,
  random: Random,
): FaultDecision | undefined {
  if (fault.cluster !== undefined && fault.cluster !== cluster) return undefined;
  for (const match of fault.headers) {
    if (!matchField(match, request.header(match.name))) return undefined;
  }
  const delayMs = hits(fault.delay?.percent, random) ? (fault.delay?.ms ?? 0) : 0;
  const abort = hits(fault.abort?.percent, random) ? (fault.abort?.status ?? 0) : 0;
  return delayMs === 0 && abort === 0 ? undefined : { delayMs, abort };
}

function hits(percent: number | undefined, random: Random): boolean {
  return percent !== undefined && random() * 100 < percent;
}
