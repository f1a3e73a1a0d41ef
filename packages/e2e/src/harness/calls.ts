import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { type Client, client } from "@layotto/sidecar-kit";
import type { GrpcClient } from "@layotto/grpc-transport";

/** Paths of the runtime API that tests call with bytes of their own. */
export const paths = {
  sayHello: "/spec.proto.runtime.v1.Runtime/SayHello",
  getState: "/spec.proto.runtime.v1.Runtime/GetState",
  saveState: "/spec.proto.runtime.v1.Runtime/SaveState",
  publishEvent: "/spec.proto.runtime.v1.Runtime/PublishEvent",
} as const;

/** A typed client of the runtime API. */
export function runtime(grpc: GrpcClient): Client<(typeof Runtime)["method"]> {
  return client(Runtime, grpc);
}

/** Text as bytes. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes as text. */
export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
