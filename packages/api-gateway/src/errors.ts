import { Status } from "@layotto/grpc-transport";
import { defineErrors } from "@layotto/sidecar-kit";

/** What the gateway itself answers, by reason. Everything else comes from the sidecars unchanged. */
export const errors = defineErrors("gateway", {
  /** A sidecar that serves the method is configured but cannot be reached. */
  SIDECAR_UNAVAILABLE: {
    code: Status.UNAVAILABLE,
    message: (capability: string, why: string) =>
      `Cannot reach the ${capability} sidecar: ${why}; run "layotto status" to see it`,
  },
  /** More calls wait for a sidecar than `maxWaitingCalls` allows. */
  WAITING_LIMIT: {
    code: Status.UNAVAILABLE,
    message: (capability: string, limit: number) =>
      `Cannot wait for the ${capability} sidecar: ${limit} calls wait already (maxWaitingCalls)`,
  },
  /** The call never reached the sidecar but its request is no longer held. */
  REPLAY_LIMIT: {
    code: Status.UNAVAILABLE,
    message: (capability: string, limit: number) =>
      `Cannot send the call to the ${capability} sidecar again: its request is larger than ${limit} bytes (gateway.replayBytes)`,
  },
  /** No sidecar serves the method, and all are known. */
  METHOD_UNKNOWN: {
    code: Status.UNIMPLEMENTED,
    message: (path: string) => unknownMethod(path),
  },
  /** The first message of a method shared by several sidecars cannot be parsed. */
  MESSAGE_MALFORMED: {
    code: Status.INVALID_ARGUMENT,
    message: (path: string, field: string) =>
      `Cannot read field "${field}" of the request to ${path}: it is no valid protobuf message`,
  },
  /** A flow rule refuses the call; the text is that of the configuration, the code UNKNOWN with `errorCodes: layotto`. */
  FLOW_LIMITED: {
    code: Status.RESOURCE_EXHAUSTED,
    message: (text: string) => text,
  },
  /** A function of a hook denies the call: with the code and the text of its choice. */
  EXTENSION_DENIED: {
    code: Status.PERMISSION_DENIED,
    message: (text: string) => text,
  },
  /** A hook with `on_failure: closed` failed. */
  EXTENSION_FAILED: {
    code: Status.UNAVAILABLE,
    message: (name: string, why: string) => `Cannot run function "${name}" of a hook: ${why}`,
  },
  /** ApplyConfiguration without something that it needs. */
  FIELD_MISSING: {
    code: Status.INVALID_ARGUMENT,
    message: (field: string) => `field ${field} is not configured`,
  },
  /** ApplyConfiguration of something that is not there. */
  COMPONENT_NOT_FOUND: {
    code: Status.INVALID_ARGUMENT,
    message: (kind: string, name: string) => `component not found. kind: ${kind} , name: ${name}`,
  },
  /** ApplyConfiguration with flow rules that cannot be used. */
  FLOW_RULES_INVALID: {
    code: Status.INVALID_ARGUMENT,
    message: (why: string) => `Cannot use the flow rules: ${why}`,
  },
  /** The token layer is on and the call carries no token, or a wrong one. */
  TOKEN_REFUSED: {
    code: Status.UNAUTHENTICATED,
    message: (state: string) =>
      `Cannot accept the call: metadata "layotto-api-token" is ${state}; send the token of gateway.token`,
  },
});

function unknownMethod(path: string): string {
  const slash = path.lastIndexOf("/");
  return `unknown method ${path.slice(slash + 1)} for service ${path.slice(1, Math.max(1, slash))}`;
}
