/**
 * A peer broke the rules of HTTP/1.1. The connection cannot be used any further: where the next message begins is
 * unknown, and guessing is how requests are smuggled.
 */
export class Http1Error extends Error {
  /** What a server answers. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Http1Error";
    this.status = status;
  }
}

/** An {@link Http1Error} with status 400. */
export function malformed(message: string): Http1Error {
  return new Http1Error(400, message);
}
