import { ErrorCode } from "../frame/constants.ts";
import { HpackBombError, HpackError } from "../hpack/hpack-error.ts";

/** A fault that ends the whole connection with GOAWAY (RFC 9113 §5.4.1). */
export class ConnectionError extends Error {
  /** HTTP/2 error code, see `ErrorCode`. */
  readonly code: number;

  /** @param message sent as debug data of GOAWAY */
  constructor(code: number, message: string) {
    super(message);
    this.name = "ConnectionError";
    this.code = code;
  }
}

/** What a fault of any kind is as the end of a connection; what is not the peer's is told to nobody. */
export function connectionErrorOf(error: unknown): { code: number; message: string } {
  if (error instanceof ConnectionError) return error;
  if (error instanceof HpackBombError) {
    return { code: ErrorCode.ENHANCE_YOUR_CALM, message: error.message };
  }
  if (error instanceof HpackError) {
    return { code: ErrorCode.COMPRESSION_ERROR, message: error.message };
  }
  return { code: ErrorCode.INTERNAL_ERROR, message: "internal error" };
}

/** @throws {ConnectionError} FRAME_SIZE_ERROR when a frame has not its only possible length */
export function requireLength(length: number, expected: number, frame: string): void {
  if (length !== expected) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} of ${length} bytes`);
  }
}
