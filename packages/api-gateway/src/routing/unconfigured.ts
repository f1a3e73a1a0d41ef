import type { StatusCode } from "@layotto/grpc-transport";
import { RpcError } from "@layotto/sidecar-kit";

/** What the gateway answers for a method whose capability is not configured. */
export interface UnconfiguredMethod {
  /** `:path` of the method. */
  readonly path: string;
  /** gRPC status code, 1 to 16. */
  readonly code: StatusCode;
  /** Stable reason in UPPER_SNAKE form. */
  readonly reason: string;
  /** Text for the caller, e.g. `lock store is not configured`. */
  readonly message: string;
}

/** The error of a static answer; one object serves every call. */
export function staticError(method: UnconfiguredMethod): RpcError {
  const { code, reason, message } = method;
  return new RpcError({ domain: "gateway", code, reason, message });
}
