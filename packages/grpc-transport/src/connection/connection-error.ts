import { ErrorCode } from "../frame/constants.ts";

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

/** @throws {ConnectionError} FRAME_SIZE_ERROR when a frame has not its only possible length */
export function requireLength(length: number, expected: number, frame: string): void {
  if (length !== expected) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} of ${length} bytes`);
  }
}
