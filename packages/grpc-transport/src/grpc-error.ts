import { Metadata } from "./metadata.ts";
import { statusName, type StatusCode } from "./status.ts";

/** Optional parts of a {@link GrpcError}. */
export interface GrpcErrorOptions {
  /** Trailing metadata. */
  metadata?: Metadata;
  /** Serialized `google.rpc.Status`, sent as `grpc-status-details-bin`. */
  statusDetails?: Uint8Array;
  /** What went wrong underneath; never sent. */
  cause?: unknown;
}

/** A call that ended with a status other than OK. */
export class GrpcError extends Error {
  readonly code: StatusCode;
  readonly metadata: Metadata;
  readonly statusDetails: Uint8Array | undefined;

  /**
   * @param code gRPC status code
   * @param message text sent as `grpc-message`
   */
  constructor(code: StatusCode, message: string, options: GrpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GrpcError";
    this.code = code;
    this.metadata = options.metadata ?? new Metadata();
    this.statusDetails = options.statusDetails;
  }

  override toString(): string {
    return `${statusName(this.code)}: ${this.message}`;
  }
}
