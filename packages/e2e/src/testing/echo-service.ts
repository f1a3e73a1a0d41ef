import { setTimeout as pause } from "node:timers/promises";
import type {
  EchoStatus,
  ResponseParameters,
  StreamingOutputCallRequest,
} from "@layotto/proto/grpc/testing/messages";
import { TestService } from "@layotto/proto/grpc/testing/test";
import { GrpcError, type ServerCall, type StatusCode } from "@layotto/grpc-transport";
import { type ServiceImplementation, implement } from "@layotto/sidecar-kit";

/** Largest payload of one reply, in bytes. */
const maxPayload = 1024 * 1024;
const zeros = new Uint8Array(maxPayload);

const echoedHeader = "x-grpc-test-echo-initial";
const echoedTrailer = "x-grpc-test-echo-trailing-bin";

/** A reply of any of the methods. */
interface Reply {
  payload?: { body: Uint8Array };
}

/**
 * `grpc.testing.TestService` as a sidecar's service.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
 */
export const testService: ServiceImplementation = implement(TestService, {
  emptyCall: () => ({}),
  unaryCall({ responseSize, responseStatus }, call) {
    echoMetadata(call);
    failIfAsked(responseStatus);
    return responseSize > 0 ? { payload: payloadOf(responseSize) } : {};
  },
  async *streamingOutputCall(request, call) {
    yield* replies(request, call);
  },
  async streamingInputCall(requests) {
    let aggregatedPayloadSize = 0;
    for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
    return { aggregatedPayloadSize };
  },
  async *fullDuplexCall(requests, call) {
    echoMetadata(call);
    for await (const request of requests) yield* replies(request, call);
  },
  async *halfDuplexCall(requests, call) {
    const all: StreamingOutputCallRequest[] = [];
    for await (const request of requests) all.push(request);
    for (const request of all) yield* replies(request, call);
  },
});

/** Methods of {@link testService}. */
export type EchoMethod = keyof (typeof TestService)["method"];

/** A part of {@link testService}. */
export function echoService(...methods: readonly EchoMethod[]): ServiceImplementation {
  const served = testService.methods.filter(({ desc }) =>
    methods.some((m) => m === desc.localName),
  );
  return { ...testService, methods: served };
}

async function* replies(
  request: StreamingOutputCallRequest,
  call: ServerCall,
): AsyncGenerator<Reply> {
  const { responseParameters, responseStatus } = request;
  failIfAsked(responseStatus);
  for (const wish of responseParameters) yield await replyTo(wish, call);
}

async function replyTo({ size, intervalUs }: ResponseParameters, call: ServerCall): Promise<Reply> {
  if (intervalUs > 0) await pause(intervalUs / 1000, undefined, { signal: call.signal });
  return { payload: payloadOf(size) };
}

function payloadOf(size: number): { body: Uint8Array } {
  return { body: zeros.subarray(0, Math.min(size, maxPayload)) };
}

function failIfAsked(status: EchoStatus | undefined): void {
  // The caller chose the number.
  if (status !== undefined && status.code !== 0)
    throw new GrpcError(status.code as StatusCode, status.message);
}

function echoMetadata(call: ServerCall): void {
  const text = call.metadata.get(echoedHeader);
  const bytes = call.metadata.getBinary(echoedTrailer);
  if (text !== undefined) call.setHeader(echoedHeader, text);
  if (bytes !== undefined) call.setTrailer(echoedTrailer, bytes);
}
