export { Status, statusName, type StatusCode } from "./status.ts";
export { Metadata } from "./metadata.ts";
export { GrpcError, type GrpcErrorOptions } from "./grpc-error.ts";
export { defaultLimits, internalLimits, type ConnectionLimits } from "./limits.ts";
export type { KeepaliveOptions } from "./connection/options.ts";
export type { BoundAddress, ListenTarget, TlsServerOptions } from "./listener.ts";
export { GrpcServer, type ServerOptions, type StreamRouter } from "./server.ts";
export type { ServerCall } from "./server-call.ts";
export type { UnaryCall, UnaryHandler } from "./unary-call.ts";
export type { StreamCall, StreamHandler } from "./stream-call.ts";
export {
  GrpcClient,
  type ClientOptions,
  type ClientTarget,
  type ConnectionState,
  type TlsClientOptions,
} from "./client.ts";
export type { CallOptions } from "./client-call.ts";
export type { ClientStream } from "./client-stream.ts";
export type { UnaryCallback, UnaryReply } from "./unary-client-call.ts";
export type { FallbackHandler, PlainAnswer } from "./plain-call.ts";
export { ForwardedCall, type ForwardLimits } from "./forward.ts";
export type { Head } from "./connection/head.ts";
export type { Http2Connection } from "./connection/connection.ts";
export type { Headers, Http2Stream } from "./connection/stream.ts";
export { HeaderField } from "./hpack/field.ts";
export { parseTimeout, formatTimeout } from "./grpc/timeout.ts";
export { decompress, encodingOf } from "./grpc/compression.ts";
