import { type RpcError, Status, type StatusCode } from "@layotto/sidecar-kit";
import { DubboStatus } from "../dubbo/constants.ts";
import type { DubboFrame } from "../dubbo/dubbo-frame.ts";
import { readErrorText, readException } from "../dubbo/read-response.ts";
import { serviceError } from "./call-error.ts";

/** gRPC code of each Dubbo status (Apache Dubbo, Response). */
const codes = new Map<number, StatusCode>([
  [DubboStatus.SERIALIZATION_ERROR, Status.INTERNAL],
  [DubboStatus.CLIENT_TIMEOUT, Status.DEADLINE_EXCEEDED],
  [DubboStatus.SERVER_TIMEOUT, Status.DEADLINE_EXCEEDED],
  [DubboStatus.CHANNEL_INACTIVE, Status.UNAVAILABLE],
  [DubboStatus.BAD_REQUEST, Status.INVALID_ARGUMENT],
  [DubboStatus.BAD_RESPONSE, Status.INTERNAL],
  [DubboStatus.SERVICE_NOT_FOUND, Status.NOT_FOUND],
  [DubboStatus.SERVICE_ERROR, Status.INTERNAL],
  [DubboStatus.SERVER_ERROR, Status.INTERNAL],
  [DubboStatus.CLIENT_ERROR, Status.INTERNAL],
  [DubboStatus.SERVER_THREADPOOL_EXHAUSTED, Status.RESOURCE_EXHAUSTED],
]);

const names = new Map<number, string>(
  Object.entries(DubboStatus).map(([name, code]) => [code, name]),
);

/** The error in an answer; undefined: it is none. Layotto hands out thrown exceptions as data, and knows one code for all other statuses. */
export function replyError(frame: DubboFrame, flat: boolean): RpcError | undefined {
  const { status } = frame;
  if (status === DubboStatus.OK) {
    const thrown = flat ? undefined : readException(frame);
    if (thrown === undefined) return undefined;
    const { className, message } = thrown;
    const text = message === "" ? className : `${className}: ${message}`;
    return serviceError(Status.UNKNOWN, "DUBBO_EXCEPTION", text, { exception: className });
  }
  const text = flat ? "" : readErrorText(frame);
  const reason = `DUBBO_${names.get(status) ?? "UNKNOWN"}`;
  const code = flat ? Status.UNAVAILABLE : (codes.get(status) ?? Status.UNKNOWN);
  const message =
    text === "" ? `dubbo error code ${status}` : `dubbo error code ${status}, ${text}`;
  return serviceError(code, reason, message, { status: String(status) });
}
