import { Status, defineErrors } from "@layotto/sidecar-kit";

const notConfigured = (field: string) => `field ${field} is not configured`;

/** What callers of this sidecar can be told. Texts are Layotto's. */
export const errors = defineErrors("hello", {
  NOT_CONFIGURED: { code: Status.FAILED_PRECONDITION, message: () => "no instance found" },
  INSTANCE_NOT_FOUND: {
    code: Status.INVALID_ARGUMENT,
    message: (_name: string) => "no instance found",
  },
  FIELD_MISSING: { code: Status.INVALID_ARGUMENT, message: notConfigured },
  COMPONENT_NOT_FOUND: {
    code: Status.INVALID_ARGUMENT,
    message: (kind: string, name: string) => `component not found. kind: ${kind} , name: ${name}`,
  },
});
