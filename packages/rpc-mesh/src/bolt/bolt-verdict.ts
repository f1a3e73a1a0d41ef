import { Grade, type Verdict } from "../call/verdict.ts";
import { BoltStatus } from "./constants.ts";

const grades = new Map<number, Grade>([
  [BoltStatus.SUCCESS, Grade.SUCCESS],
  [BoltStatus.SERVER_THREADPOOL_BUSY, Grade.OVERLOAD],
  [BoltStatus.ERROR_COMM, Grade.GATEWAY_ERROR],
  [BoltStatus.NO_PROCESSOR, Grade.CLIENT_ERROR],
  [BoltStatus.TIMEOUT, Grade.GATEWAY_ERROR],
  [BoltStatus.CLIENT_SEND_ERROR, Grade.GATEWAY_ERROR],
  [BoltStatus.CODEC_EXCEPTION, Grade.CLIENT_ERROR],
  [BoltStatus.CONNECTION_CLOSED, Grade.GATEWAY_ERROR],
  [BoltStatus.SERVER_DESERIAL_EXCEPTION, Grade.CLIENT_ERROR],
]);

/** A full thread pool and a missing processor turn requests away before anything runs. */
const unprocessed = new Set<number>([BoltStatus.SERVER_THREADPOOL_BUSY, BoltStatus.NO_PROCESSOR]);

function verdictFor(code: number): Verdict {
  return {
    grade: grades.get(code) ?? Grade.SERVER_ERROR,
    code,
    unprocessed: unprocessed.has(code),
    retryAfterMs: undefined,
  };
}

const KNOWN = BoltStatus.SERVER_DESERIAL_EXCEPTION + 1;
const verdicts = Array.from({ length: KNOWN }, (_, code) => verdictFor(code));

/** What a bolt status says of the host. */
export function boltVerdict(status: number): Verdict {
  return verdicts[status] ?? verdictFor(status);
}
