import type { Http2Connection } from "./connection/connection.ts";
import type { GrpcError } from "./grpc-error.ts";

/** Something that a client starts when a stream can be opened, or gives up. */
export interface WaitingCall {
  /** It is over: nothing has to be started. */
  readonly finished: boolean;
  readonly options: { readonly waitForReady?: boolean; readonly signal?: AbortSignal };
  start(connection: Http2Connection): void;
  abandon(error: GrpcError): void;
  cancel(): void;
}

/** A wait for a connection on which a stream can be opened, without a call. */
export class ConnectionRequest implements WaitingCall {
  finished = false;
  readonly options: { readonly waitForReady: boolean };
  private readonly done: (connection: Http2Connection | null, error?: GrpcError) => void;
  private readonly signal: AbortSignal | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = (): void => this.end(null);

  /**
   * @param done called once: with the connection, or with null when the time is over or the signal aborts
   * @param waitForReady false: a failure to connect ends the wait, with its error
   */
  constructor(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    done: (connection: Http2Connection | null, error?: GrpcError) => void,
    waitForReady: boolean,
  ) {
    this.done = done;
    this.options = { waitForReady };
    this.signal = signal;
    this.timer = setTimeout(this.onAbort, Math.min(timeoutMs, 0x7fff_ffff));
    signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  start(connection: Http2Connection): void {
    this.end(connection);
  }

  abandon(error?: GrpcError): void {
    this.end(null, error);
  }

  cancel(): void {
    this.end(null);
  }

  private end(connection: Http2Connection | null, error?: GrpcError): void {
    if (this.finished) return;
    this.finished = true;
    clearTimeout(this.timer);
    this.signal?.removeEventListener("abort", this.onAbort);
    this.done(connection, error);
  }
}
