import { defineErrors, Status } from "@layotto/sidecar-kit";

/** Everything that gRPC callers of this sidecar can get besides OK. */
export const errors = defineErrors("wasm", {
  FUNCTION_NOT_FOUND: {
    code: Status.NOT_FOUND,
    message: (name: string) => `no function "${name}" is installed`,
  },
  /** A function beside a call trapped, was stopped, or cannot run now. */
  FUNCTION_FAILED: {
    code: Status.UNAVAILABLE,
    message: (name: string, why: string) => `Function "${name}" failed: ${why}`,
  },
  /** A function beside a call took longer than its caller waits. */
  FUNCTION_TIMEOUT: {
    code: Status.DEADLINE_EXCEEDED,
    message: (name: string, ms: number) => `Function "${name}" took longer than ${ms} ms`,
  },
  /** `sidecar.v1.Extension/Process` is called in a way that has no meaning. */
  PROCESS_INVALID: {
    code: Status.INVALID_ARGUMENT,
    message: (why: string) => `Cannot process the phase: ${why}`,
  },
});

/** Why a module or an order to install one was refused. */
export type WasmReason =
  | "INVALID_BODY" // the order is not what it should be
  | "NAME_MISSING"
  | "NAME_TAKEN"
  | "NOT_REGISTERED"
  | "ORDER_NOT_KEPT" // the folder of orders cannot be written
  | "INVALID_INSTANCES"
  | "NO_SOURCE" // no vm_config, or no path, url or image in it
  | "SOURCE_UNREADABLE" // file, URL or image cannot be read
  | "SOURCE_NOT_ALLOWED" // URL or registry that is not on the allow list
  | "DIGEST_MISMATCH"
  | "NOT_A_MODULE"
  | "INVALID_MODULE"
  | "UNSUPPORTED_MODULE" // memory64, shared memory …
  | "MODULE_TOO_LARGE"
  | "MEMORY_ABOVE_LIMIT"
  | "TABLE_ABOVE_LIMIT"
  | "UNKNOWN_IMPORT"
  | "EXPORT_MISSING"
  | "START_FAILED" // it trapped, looped, or refused its configuration
  | "VERSION_UNKNOWN"
  | "FUNCTION_UNKNOWN"
  | "TOO_MANY"
  | "UNAUTHENTICATED"
  | "INTERNAL";

/** A refusal: one line with the cure, and what it is to HTTP callers. */
export class WasmError extends Error {
  readonly reason: WasmReason;
  /** HTTP status. */
  readonly status: number;

  constructor(reason: WasmReason, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WasmError";
    this.reason = reason;
    this.status = status;
  }
}
