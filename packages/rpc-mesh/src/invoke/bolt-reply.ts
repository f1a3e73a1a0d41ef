import { type RpcError, Status, type StatusCode } from "@layotto/sidecar-kit";
import type { BoltFrame } from "../bolt/bolt-frame.ts";
import { readHeaders, type BoltHeader } from "../bolt/bolt-headers.ts";
import { BoltStatus } from "../bolt/constants.ts";
import { CodecError } from "../multiplex/codec-error.ts";
import { serviceError } from "./call-error.ts";

/** The headers of an answer, their names in lower case; null values are left out. */
export function replyHeaders(frame: BoltFrame): [string, string][] {
  if (frame.headersAt === frame.contentAt) return [];
  return readable(frame).flatMap(([name, value]) =>
    value === null ? [] : [[name.toLowerCase(), value]],
  );
}

/** Headers that cannot be read are left out: the content is what the caller waits for. */
function readable({ buffer, headersAt, contentAt }: BoltFrame): BoltHeader[] {
  try {
    return readHeaders(buffer, headersAt, contentAt);
  } catch (error) {
    if (error instanceof CodecError) return [];
    throw error;
  }
}

/** The content type among the headers of an answer; empty when there is none. */
export function contentTypeOf(headers: readonly (readonly [string, string])[]): string {
  for (const [name, value] of headers) if (name === "content-type") return value;
  return "";
}

/** Name and gRPC code of each bolt status (SOFABolt, ResponseStatus). */
const statuses = new Map<number, readonly [string, StatusCode]>([
  [BoltStatus.ERROR, ["ERROR", Status.INTERNAL]],
  [BoltStatus.SERVER_EXCEPTION, ["SERVER_EXCEPTION", Status.INTERNAL]],
  [BoltStatus.UNKNOWN, ["UNKNOWN", Status.UNKNOWN]],
  [BoltStatus.SERVER_THREADPOOL_BUSY, ["SERVER_THREADPOOL_BUSY", Status.RESOURCE_EXHAUSTED]],
  [BoltStatus.ERROR_COMM, ["ERROR_COMM", Status.UNAVAILABLE]],
  [BoltStatus.NO_PROCESSOR, ["NO_PROCESSOR", Status.UNIMPLEMENTED]],
  [BoltStatus.TIMEOUT, ["TIMEOUT", Status.DEADLINE_EXCEEDED]],
  [BoltStatus.CLIENT_SEND_ERROR, ["CLIENT_SEND_ERROR", Status.UNAVAILABLE]],
  [BoltStatus.CODEC_EXCEPTION, ["CODEC_EXCEPTION", Status.INTERNAL]],
  [BoltStatus.CONNECTION_CLOSED, ["CONNECTION_CLOSED", Status.UNAVAILABLE]],
  [BoltStatus.SERVER_SERIAL_EXCEPTION, ["SERVER_SERIAL_EXCEPTION", Status.INTERNAL]],
  [BoltStatus.SERVER_DESERIAL_EXCEPTION, ["SERVER_DESERIAL_EXCEPTION", Status.INTERNAL]],
]);

/** Those that Layotto tells apart from a service that is not there. */
const codecStatuses = new Set<number>([
  BoltStatus.CODEC_EXCEPTION,
  BoltStatus.SERVER_SERIAL_EXCEPTION,
  BoltStatus.SERVER_DESERIAL_EXCEPTION,
]);

/** The error that a status other than SUCCESS is to the caller of InvokeService. */
export function statusError(frame: BoltFrame, flat: boolean): RpcError {
  const { status } = frame;
  const [name, fine] = statuses.get(status) ?? ["UNKNOWN", Status.UNKNOWN];
  const metadata = { status: String(status) };
  if (flat) {
    const isCodec = codecStatuses.has(status);
    const text = isCodec ? `bolt error code ${status}, ${name}` : `bolt error code ${status}`;
    return serviceError(
      isCodec ? Status.INTERNAL : Status.UNAVAILABLE,
      `BOLT_${name}`,
      text,
      metadata,
    );
  }
  const said = replyHeaders(frame).find(([header]) => header === "x-mesh-message")?.[1];
  const text = `bolt error code ${status}, ${said ?? name}`;
  return serviceError(fine, `BOLT_${name}`, text, metadata);
}
