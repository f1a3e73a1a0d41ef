/**
 * `grpc.testing.TestService`, which the interop tests of every gRPC implementation call.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
 */
import { setTimeout as pause } from "node:timers/promises";

import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import {
  GrpcError,
  Status,
  type GrpcServer,
  type ServerCall,
  type StatusCode,
  type StreamCall,
} from "@layotto/grpc-transport";
import { EmptySchema } from "@layotto/proto/grpc/testing/empty";
import {
  SimpleRequestSchema,
  SimpleResponseSchema,
  StreamingInputCallRequestSchema,
  StreamingInputCallResponseSchema,
  StreamingOutputCallRequestSchema,
  StreamingOutputCallResponseSchema,
  type EchoStatus,
  type StreamingOutputCallRequest,
} from "@layotto/proto/grpc/testing/messages";

/** Paths of the methods which {@link addTestService} serves. */
export const testMethods = {
  empty: "/grpc.testing.TestService/EmptyCall",
  unary: "/grpc.testing.TestService/UnaryCall",
  output: "/grpc.testing.TestService/StreamingOutputCall",
  input: "/grpc.testing.TestService/StreamingInputCall",
  fullDuplex: "/grpc.testing.TestService/FullDuplexCall",
  halfDuplex: "/grpc.testing.TestService/HalfDuplexCall",
} as const;

const ECHO_HEADER = "x-grpc-test-echo-initial";
const ECHO_TRAILER = "x-grpc-test-echo-trailing-bin";

/** Serves `grpc.testing.TestService` on `server`. */
export function addTestService(server: GrpcServer): void {
  server.addUnary(testMethods.empty, (call, bytes) => {
    fromBinary(EmptySchema, bytes);
    echoMetadata(call);
    call.reply(encode(EmptySchema, {}));
  });
  server.addUnary(testMethods.unary, (call, bytes) => {
    const request = fromBinary(SimpleRequestSchema, bytes);
    echoMetadata(call);
    const failure = failureOf(request.responseStatus);
    if (failure) return call.fail(failure);
    call.compress = request.responseCompressed?.value ?? false;
    call.reply(encode(SimpleResponseSchema, { payload: payloadOf(request.responseSize) }));
  });
  server.addStream(testMethods.output, replyToEach);
  server.addStream(testMethods.fullDuplex, replyToEach);
  server.addStream(testMethods.halfDuplex, replyAtTheEnd);
  server.addStream(testMethods.input, countBytes);
}

async function replyToEach(call: StreamCall): Promise<void> {
  echoMetadata(call);
  for await (const bytes of call) {
    await reply(call, fromBinary(StreamingOutputCallRequestSchema, bytes));
  }
}

async function replyAtTheEnd(call: StreamCall): Promise<void> {
  echoMetadata(call);
  const requests: StreamingOutputCallRequest[] = [];
  for await (const bytes of call)
    requests.push(fromBinary(StreamingOutputCallRequestSchema, bytes));
  for (const request of requests) await reply(call, request);
}

async function reply(call: StreamCall, request: StreamingOutputCallRequest): Promise<void> {
  const failure = failureOf(request.responseStatus);
  if (failure) throw failure;
  startCompressed(call, request);
  for (const { size, intervalUs, compressed } of request.responseParameters) {
    if (intervalUs > 0) await pause(intervalUs / 1000, undefined, { signal: call.signal });
    call.compress = compressed?.value ?? false;
    await call.send(encode(StreamingOutputCallResponseSchema, { payload: payloadOf(size) }));
  }
}

/** Response headers name the encoding when any message is going to use it. */
function startCompressed(
  call: StreamCall,
  { responseParameters }: StreamingOutputCallRequest,
): void {
  if (!responseParameters.some(({ compressed }) => compressed?.value)) return;
  call.compress = true;
  call.sendHeaders();
}

async function countBytes(call: StreamCall): Promise<void> {
  echoMetadata(call);
  let aggregatedPayloadSize = 0;
  for await (const bytes of call) {
    const { payload } = fromBinary(StreamingInputCallRequestSchema, bytes);
    aggregatedPayloadSize += payload?.body.length ?? 0;
  }
  await call.send(encode(StreamingInputCallResponseSchema, { aggregatedPayloadSize }));
}

function echoMetadata(call: ServerCall): void {
  const text = call.metadata.get(ECHO_HEADER);
  const bytes = call.metadata.getBinary(ECHO_TRAILER);
  if (text !== undefined) call.setHeader(ECHO_HEADER, text);
  if (bytes !== undefined) call.setTrailer(ECHO_TRAILER, bytes);
}

function failureOf(status: EchoStatus | undefined): GrpcError | undefined {
  if (status === undefined || status.code === Status.OK) return undefined;
  return new GrpcError(status.code as StatusCode, status.message); // the client chose the number
}

function payloadOf(size: number): { body: Uint8Array } {
  return { body: new Uint8Array(size) };
}

/** Encodes a message given as a plain object. */
export function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Uint8Array {
  return toBinary(schema, create(schema, init));
}
