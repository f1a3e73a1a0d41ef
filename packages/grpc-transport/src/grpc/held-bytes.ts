import type { Http2Connection } from "../connection/connection.ts";
import { GrpcError } from "../grpc-error.ts";
import { Status } from "../status.ts";

/** Accounts for the bytes of a call's incomplete message on its connection. */
export class HeldBytes {
  private readonly connection: Http2Connection;
  private bytes = 0;

  constructor(connection: Http2Connection) {
    this.connection = connection;
  }

  /**
   * Sets how many bytes the call holds now.
   *
   * @throws {GrpcError} RESOURCE_EXHAUSTED when the connection would hold too much
   */
  set(bytes: number): void {
    const more = bytes - this.bytes;
    if (more === 0) return;
    if (more > 0 && !this.connection.mayBuffer(more)) {
      throw new GrpcError(
        Status.RESOURCE_EXHAUSTED,
        "Connection buffers too many partial messages",
      );
    }
    this.bytes = bytes;
    this.connection.holdBuffered(more);
  }
}
