import {
  codeOfHttpStatus,
  GrpcError,
  type HeaderField,
  Metadata,
  Status,
  type StatusCode,
} from "@layotto/grpc-transport";
import type { ProcessAnswer } from "@layotto/proto/sidecar/v1/extension";
import { RpcError } from "@layotto/sidecar-kit";
import { errors } from "../errors.ts";
import { wireError } from "../forwarding/wire-error.ts";
import { freeFields, maxHeaderBytes } from "./protected-fields.ts";

/** Most characters of a text that a function gives with a denial. */
const maxText = 512;

/**
 * The gRPC status of an answer. A function that says nothing but an HTTP status gets the code that belongs to it; one
 * that contradicts itself, OK beside an HTTP status that is a failure, denies.
 */
export function codeOfAnswer({ status, grpcStatus }: ProcessAnswer): StatusCode {
  if (grpcStatus > 0) {
    return grpcStatus <= 16 ? (grpcStatus as StatusCode) : Status.UNKNOWN; // 1 to 16 are all codes
  }
  const isFine = (status >= 200 && status < 300) || (status === 0 && grpcStatus === 0);
  return isFine ? Status.OK : codeOfHttpStatus(status);
}

/** The error of a call that a function denies. */
export function denial(name: string, answer: ProcessAnswer): GrpcError {
  const code = codeOfAnswer(answer);
  const { domain, reason, message } = errors.EXTENSION_DENIED(denialText(name, answer));
  const error = wireError(
    new RpcError({ domain, reason, message, code, metadata: { function: name } }),
  );
  const metadata = new Metadata();
  for (const field of answerFields(answer)) metadata.appendReceived(field.name, field.value);
  const { statusDetails } = error;
  return new GrpcError(code, message, {
    metadata,
    ...(statusDetails === undefined ? {} : { statusDetails }),
  });
}

/** Metadata of an answer; what cannot be sent is left out. */
export function answerFields({ headers }: ProcessAnswer): HeaderField[] {
  const found: HeaderField[] = [];
  let bytes = 0;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const field = freeFields([], headers.slice(i, i + 2));
    if (typeof field === "string") continue;
    bytes += field.reduce((sum, { size }) => sum + size, 0);
    if (bytes <= maxHeaderBytes) found.push(...field);
  }
  return found;
}

/** What the function says: its details, otherwise the body of its answer. */
function denialText(name: string, { details, body }: ProcessAnswer): string {
  const text = details || Buffer.from(body).toString("utf8", 0, 4 * maxText);
  const line = text.replaceAll(/\p{Cc}+/gu, " ").trim();
  if (line === "") return `Function "${name}" denies the call`;
  return line.length > maxText ? `${line.slice(0, maxText - 1)}…` : line;
}
