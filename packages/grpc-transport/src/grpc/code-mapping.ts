import { ErrorCode } from "../frame/constants.ts";
import { Status, type StatusCode } from "../status.ts";

/**
 * gRPC code for an HTTP status that came without `grpc-status`.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
export function codeOfHttpStatus(status: number): StatusCode {
  switch (status) {
    case 400:
      return Status.INTERNAL;
    case 401:
      return Status.UNAUTHENTICATED;
    case 403:
      return Status.PERMISSION_DENIED;
    case 404:
      return Status.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return Status.UNAVAILABLE;
    default:
      return Status.UNKNOWN;
  }
}

/**
 * gRPC code for a stream that ended with RST_STREAM.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (HTTP2 Transport Mapping, Errors)
 */
export function codeOfReset(code: number): StatusCode {
  switch (code) {
    case ErrorCode.REFUSED_STREAM:
      return Status.UNAVAILABLE;
    case ErrorCode.CANCEL:
      return Status.CANCELLED;
    case ErrorCode.ENHANCE_YOUR_CALM:
      return Status.RESOURCE_EXHAUSTED;
    case ErrorCode.INADEQUATE_SECURITY:
      return Status.PERMISSION_DENIED;
    default:
      return Status.INTERNAL;
  }
}

/** Reads `grpc-status`; UNKNOWN for anything that is no status. */
export function parseStatus(value: string): StatusCode {
  const code = /^\d{1,2}$/.test(value) ? Number(value) : -1;
  return code >= 0 && code <= 16 ? (code as StatusCode) : Status.UNKNOWN; // checked: 0 to 16
}
