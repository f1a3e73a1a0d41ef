import { Grade, type Verdict } from "../call/verdict.ts";
import { DubboStatus } from "./constants.ts";

const grades = new Map<number, Grade>([
  [DubboStatus.OK, Grade.SUCCESS],
  [DubboStatus.SERIALIZATION_ERROR, Grade.CLIENT_ERROR],
  [DubboStatus.CLIENT_TIMEOUT, Grade.GATEWAY_ERROR],
  [DubboStatus.SERVER_TIMEOUT, Grade.GATEWAY_ERROR],
  [DubboStatus.CHANNEL_INACTIVE, Grade.GATEWAY_ERROR],
  [DubboStatus.BAD_REQUEST, Grade.CLIENT_ERROR],
  [DubboStatus.SERVICE_NOT_FOUND, Grade.CLIENT_ERROR],
  [DubboStatus.SERVER_THREADPOOL_EXHAUSTED, Grade.OVERLOAD],
]);

/** A full thread pool and a missing service turn requests away before anything runs. */
const unprocessed = new Set<number>([
  DubboStatus.SERVER_THREADPOOL_EXHAUSTED,
  DubboStatus.SERVICE_NOT_FOUND,
]);

const verdicts: readonly Verdict[] = Array.from({ length: 256 }, (_, code) => ({
  grade: grades.get(code) ?? Grade.SERVER_ERROR,
  code,
  unprocessed: unprocessed.has(code),
  retryAfterMs: undefined,
}));

const unknown: Verdict = {
  grade: Grade.SERVER_ERROR,
  code: 0,
  unprocessed: false,
  retryAfterMs: undefined,
};

/** What a Dubbo status says of the host. An exception of the service comes with status OK: it says nothing of the host. */
export function dubboVerdict(status: number): Verdict {
  return verdicts[status] ?? unknown;
}
