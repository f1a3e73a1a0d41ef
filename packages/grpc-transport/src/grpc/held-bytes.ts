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
    if (this.trySet(bytes)) return;
    this.connection.provoked();
    throw new GrpcError(Status.RESOURCE_EXHAUSTED, "Connection buffers too many messages");
  }

  /** The same, saying whether the connection may hold that much; if not, nothing changes. */
  trySet(bytes: number): boolean {
    const more = bytes - this.bytes;
    if (more > 0 && !this.connection.mayBuffer(more)) return false;
    this.bytes = bytes;
    if (more !== 0) this.connection.holdBuffered(more);
    return true;
  }
}
