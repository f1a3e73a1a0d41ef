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
