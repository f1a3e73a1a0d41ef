import { Status } from "@layotto/grpc-transport";
import { Grade, type Verdict } from "./verdict.ts";

/** What an HTTP status says about the host. */
export function gradeOfHttp(status: number): Grade {
  if (status < 400) return Grade.SUCCESS;
  if (status === 429) return Grade.OVERLOAD;
  if (status < 500) return Grade.CLIENT_ERROR;
  return status >= 502 && status <= 504 ? Grade.GATEWAY_ERROR : Grade.SERVER_ERROR;
}

/** What a gRPC code says about the host. UNKNOWN and UNIMPLEMENTED are answers of the application. */
export function gradeOfGrpc(code: number): Grade {
  switch (code) {
    case Status.OK:
      return Grade.SUCCESS;
    case Status.UNAVAILABLE:
      return Grade.GATEWAY_ERROR;
    case Status.RESOURCE_EXHAUSTED:
      return Grade.OVERLOAD;
    case Status.DEADLINE_EXCEEDED:
    case Status.INTERNAL:
    case Status.DATA_LOSS:
      return Grade.SERVER_ERROR;
    default:
      return Grade.CLIENT_ERROR;
  }
}

const usual = new Map<number, Verdict>();

/** The verdict on an HTTP answer without `Retry-After`; one object per status. */
export function httpVerdict(status: number, retryAfter?: string): Verdict {
  const retryAfterMs = retryAfter === undefined ? undefined : retryAfterMsOf(retryAfter);
  if (retryAfterMs === undefined) return keptVerdict(usual, status, gradeOfHttp(status));
  return { grade: gradeOfHttp(status), code: status, unprocessed: false, retryAfterMs };
}

const usualGrpc = new Map<number, Verdict>();

/**
 * The verdict on a gRPC code.
 *
 * @param pushback `grpc-retry-pushback-ms` (gRFC A6): no number, or a negative one, forbids the retry
 */
export function grpcVerdict(code: number, pushback?: string): Verdict {
  if (pushback === undefined) return keptVerdict(usualGrpc, code, gradeOfGrpc(code));
  const retryAfterMs = /^\d{1,9}$/.test(pushback) ? Number(pushback) : -1;
  return { grade: gradeOfGrpc(code), code, unprocessed: false, retryAfterMs };
}

function keptVerdict(kept: Map<number, Verdict>, code: number, grade: Grade): Verdict {
  let verdict = kept.get(code);
  if (verdict === undefined) {
    verdict = { grade, code, unprocessed: false, retryAfterMs: undefined };
    kept.set(code, verdict);
  }
  return verdict;
}

/** `Retry-After` in seconds (RFC 9110 §10.2.3); dates are not waited for. */
function retryAfterMsOf(text: string): number | undefined {
  return /^\d{1,6}$/.test(text.trim()) ? Number(text.trim()) * 1000 : undefined;
}
