import { backendErrors, type RpcError } from "@layotto/sidecar-kit";

/**
 * What went wrong, as far as it makes a difference.
 * - `away`: no connection, or no leader: it may work a moment later
 * - `slow`: no answer in time: nobody knows whether it was done; it may work a moment later
 * - `too-large`: the broker takes no batch of that size
 * - `refused`: the broker does not let us in, or forbids it
 * - `failed`: anything else
 */
export type FaultKind = "away" | "slow" | "too-large" | "refused" | "failed";

/** A failure of the client library or of the broker. */
export class KafkaFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "KafkaFault";
    this.kind = kind;
  }

  /** Whether trying again may help. */
  get isPassing(): boolean {
    return this.kind === "away" || this.kind === "slow";
  }
}

/** What a failure means to a caller of this component. */
export function rpcErrorOf(error: unknown): RpcError {
  const text = error instanceof Error ? error.message : String(error);
  const kind = error instanceof KafkaFault ? error.kind : "failed";
  if (kind === "away") return backendErrors.BACKEND_UNAVAILABLE(`Cannot reach kafka: ${text}`);
  if (kind === "slow")
    return backendErrors.BACKEND_UNAVAILABLE(`Cannot get an answer of kafka: ${text}`);
  if (kind === "too-large") return backendErrors.BACKEND_LIMIT(`Cannot write to kafka: ${text}`);
  if (kind === "refused") return backendErrors.BACKEND_UNAVAILABLE(`Cannot use kafka: ${text}`);
  return backendErrors.BACKEND_FAILED(`Cannot use kafka: ${text}`);
}
