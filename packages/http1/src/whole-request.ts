/** A request that has come in whole. */
export interface WholeRequest {
  readonly method: string;
  /** Path with query; of an absolute target without scheme and authority. */
  readonly path: string;
  /** Host with port; empty when HTTP/1.0 named none. */
  readonly authority: string;
  /** Header lines as they came: name, value, name, value …; names in lower case, one character per octet. */
  readonly headers: readonly string[];
  /** The receiver's to keep. */
  readonly body: Buffer;
  /** As {@link headers}. */
  readonly trailers: readonly string[];
  /** Address of the caller; empty on unix sockets. */
  readonly peer: string;
  readonly encrypted: boolean;
  /** Answers. To be called exactly once; after {@link onCancel} it does nothing. */
  respond(answer: WholeAnswer): void;
  /** Set by the handler: called when the caller goes away before the answer. */
  onCancel: (() => void) | undefined;
}

/** The answer to a {@link WholeRequest}. */
export interface WholeAnswer {
  /** 200 to 599. */
  readonly status: number;
  /**
   * Name, value, name, value …. Fields of the hop and of the framing, `date`, and pseudo headers are left out: they are
   * ours to say. A name or value that HTTP does not allow makes the whole answer a 500.
   */
  readonly headers: readonly string[];
  /** Not to be changed until the next turn of the event loop. Not sent to HEAD, nor with 204 and 304. */
  readonly body: Uint8Array;
  /** Sent to callers in HTTP/1.1 only; the same rules as for headers. */
  readonly trailers?: readonly string[] | undefined;
}

/** Gets each request as soon as it is whole. What it throws is answered with 500. */
export type WholeHandler = (request: WholeRequest) => void;
