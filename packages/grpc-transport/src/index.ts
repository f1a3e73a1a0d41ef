export { Status, statusName, type StatusCode } from "./status.ts";
export { Metadata } from "./metadata.ts";
export { GrpcError, type GrpcErrorOptions } from "./grpc-error.ts";
export { defaultLimits, internalLimits, type ConnectionLimits } from "./limits.ts";
export type { KeepaliveOptions, OnBytes } from "./connection/options.ts";
export type { BoundAddress, ListenTarget, TlsServerOptions } from "./listener.ts";
export { GrpcServer, type ServerOptions, type StreamRouter } from "./server.ts";
export type { ServerCall } from "./server-call.ts";
export type { UnaryCall, UnaryHandler } from "./unary-call.ts";
export type { StreamCall, StreamHandler } from "./stream-call.ts";
export { GrpcClient, type ClientOptions, type ConnectionState } from "./client.ts";
export type { ClientTarget, TlsClientOptions } from "./client-target.ts";
export type { CallOptions } from "./client-call.ts";
export type { ClientStream } from "./client-stream.ts";
export type { MessageListener, MessageStream } from "./message-client-call.ts";
export type { UnaryCallback, UnaryReply } from "./unary-client-call.ts";
export type { FallbackHandler, PlainAnswer } from "./plain-call.ts";
export { ForwardedCall, type ForwardLimits } from "./forward.ts";
export type { Head } from "./connection/head.ts";
export type { Http2Connection } from "./connection/connection.ts";
export {
  ResetCause,
  type Headers,
  type Http2Stream,
  type ResetCauseCode,
  type StreamSink,
} from "./connection/stream.ts";
export { ErrorCode } from "./frame/constants.ts";
export { HeaderField } from "./hpack/field.ts";
export { HeaderList } from "./hpack/header-list.ts";
export { parseTimeout, formatTimeout } from "./grpc/timeout.ts";
export { decompress, encodingOf } from "./grpc/compression.ts";
export { codeOfHttpStatus } from "./grpc/code-mapping.ts";
