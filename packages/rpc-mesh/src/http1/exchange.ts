import type { BodySink, Head } from "@layotto/http1";
import type { Reason } from "../call/failure.ts";
import type { ClientConnection } from "./client-connection.ts";

/**
 * One request on its way through a pool and a connection. Exactly one of {@link onEnd} and {@link onBroken} comes last,
 * unless it is given up with {@link ./client-connection.ts ClientConnection.abandon} or {@link ./pool.ts Http1Pool.cancel}.
 */
export interface Exchange extends BodySink {
  /** Verb of the request: answers to HEAD have no body. */
  readonly method: string;
  /** The request asks for another protocol: 101 may be the answer. */
  readonly upgrade: boolean;
  /** It waits in the pool. Kept by the pool. */
  waiting: boolean;
  /** The connection is there, all of it belongs to this exchange: write the head now. */
  onConnection(connection: ClientConnection): void;
  /** An interim answer (1xx except 101). The head is valid during the call. */
  onInterim(head: Head): void;
  /** The answer begins. After 101, all that comes is {@link onBody}, until the connection ends. */
  onHead(head: Head): void;
  /** The answer is whole. The connection serves others already. */
  onEnd(trailers: Head | undefined): void;
  /** There is no answer, or not the whole of it. */
  onBroken(reason: Reason, detail: string): void;
  /** The connection takes more after it was congested. */
  onWritable(): void;
}
