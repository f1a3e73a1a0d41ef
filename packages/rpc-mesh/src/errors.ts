import { Status, defineErrors } from "@layotto/sidecar-kit";

const { FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT } = Status;

/** What InvokeService answers when it does not answer OK. Failures of calls carry the code of their cause. */
export const errors = defineErrors("rpc", {
  /** The configuration has no section `rpcs`. Text: Layotto's. */
  NOT_CONFIGURED: { code: FAILED_PRECONDITION, message: () => "invoker not init" },
  /** The request has no message, so no method. */
  MESSAGE_MISSING: { code: INVALID_ARGUMENT, message: () => "message is missing: it names the method to call" },
  /** The verb opens a tunnel. */
  VERB_UNUSABLE: {
    code: INVALID_ARGUMENT,
    message: () => "Cannot call with the verb CONNECT: it opens a tunnel and has no answer",
  },
  /** Metadata of the call has a value that cannot be used. */
  METADATA_INVALID: {
    code: INVALID_ARGUMENT,
    message: (name: string, value: string, cure: string) => `Cannot use metadata "${name}": "${value}" ${cure}`,
  },
  /** The target address of a call is no address. */
  TARGET_INVALID: {
    code: INVALID_ARGUMENT,
    message: (target: string) => `Cannot call "${target}": rpc_target_address must be host:port`,
  },
  /** A registry is asked for that is not configured. */
  REGISTRY_NOT_FOUND: {
    code: FAILED_PRECONDITION,
    message: (name: string) => `registry "${name}" is not configured`,
  },
  /** The channel leads to a listener that is not configured. */
  LISTENER_MISSING: {
    code: INTERNAL,
    message: (name: string) => `Cannot call through listener "${name}": it is not configured`,
  },
}); // prettier-ignore
