import { TestService } from "@layotto/proto/grpc/testing/test";
import { type ServiceImplementation, implement } from "@layotto/sidecar-kit";

/** Largest payload of one reply, in bytes. */
const maxPayload = 1024 * 1024;
const zeros = new Uint8Array(maxPayload);

/** Methods of `grpc.testing.TestService` that {@link echoService} can serve. */
export type EchoMethod = "emptyCall" | "unaryCall" | "streamingOutputCall" | "fullDuplexCall";

const handlers = implement(TestService, {
  emptyCall: () => ({}),
  unaryCall: ({ payload, responseSize }) => ({
    payload: responseSize > 0 ? payloadOf(responseSize) : (payload ?? {}),
  }),
  async *streamingOutputCall({ responseParameters }) {
    for (const { size } of responseParameters) yield { payload: payloadOf(size) };
  },
  async *fullDuplexCall(requests) {
    for await (const { payload } of requests) yield { payload: payload ?? {} };
  },
});

function payloadOf(size: number): { body: Uint8Array } {
  return { body: zeros.subarray(0, Math.min(size, maxPayload)) };
}

/** A part of `grpc.testing.TestService`: what comes in goes out, or as many zeros as are asked for. */
export function echoService(...methods: readonly EchoMethod[]): ServiceImplementation {
  const served = handlers.methods.filter(({ desc }) => methods.some((m) => m === desc.localName));
  return { ...handlers, methods: served };
}
