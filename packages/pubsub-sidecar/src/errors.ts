import { Status, defineErrors } from "@layotto/sidecar-kit";

const { FAILED_PRECONDITION, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE, UNIMPLEMENTED } =
  Status;

/** What the pub/sub API answers when it does not answer OK. Texts are Layotto's where it has one. */
export const pubsubErrors = defineErrors("pubsub", {
  /** The configuration has no pub/sub component at all. */
  NOT_CONFIGURED: { code: FAILED_PRECONDITION, message: () => "pubsub is not configured" },
  /** The request has no `pubsub_name`. */
  NAME_EMPTY: { code: INVALID_ARGUMENT, message: () => "pubsub name is empty" },
  /** The request has no `topic`. */
  TOPIC_EMPTY: {
    code: INVALID_ARGUMENT,
    message: (pubsub: string) => `topic is empty in pubsub ${pubsub}`,
  },
  /** The request names a component that is not configured. */
  NOT_FOUND: { code: INVALID_ARGUMENT, message: (pubsub: string) => `pubsub ${pubsub} not found` },
  /** The broker has no topics of that name; the message names the rule. */
  TOPIC_INVALID: {
    code: INVALID_ARGUMENT,
    message: (topic: string, pubsub: string, rule: string) =>
      `Cannot use topic "${topic}" in pubsub "${pubsub}": a name ${rule}`,
  },
  /** The payload says that it is a CloudEvent and is none. */
  CLOUD_EVENT_INVALID: {
    code: INVALID_ARGUMENT,
    message: (cause: string) => `cannot create cloudevent: ${cause}`,
  },
  /** Metadata of the request, or of a subscription, has a value that cannot be used. */
  METADATA_INVALID: {
    code: INVALID_ARGUMENT,
    message: (key: string, value: string, rule: string) =>
      `Cannot use metadata ${key} = "${value}": it ${rule}`,
  },
  /** The message is larger than the broker takes. */
  MESSAGE_TOO_LARGE: {
    code: RESOURCE_EXHAUSTED,
    message: (topic: string, pubsub: string, bytes: number, most: number) =>
      `Cannot publish to topic "${topic}" in pubsub "${pubsub}": the message has ${bytes} bytes with its envelope, the broker takes ${most}`,
  },
  /** A streaming subscription begins with something else than an initial request. */
  INITIAL_REQUEST_REQUIRED: {
    code: INVALID_ARGUMENT,
    message: () => "initial request is required",
  },
  /** The initial request has no `pubsub_name`. */
  STREAM_NAME_REQUIRED: { code: INVALID_ARGUMENT, message: () => "pubsubName is required" },
  /** The initial request has no `topic`. */
  STREAM_TOPIC_REQUIRED: { code: INVALID_ARGUMENT, message: () => "topic is required" },
  /** The initial request names a component that is not configured. */
  STREAM_NOT_FOUND: {
    code: INVALID_ARGUMENT,
    message: (pubsub: string) => `pubsub ${pubsub} is not initialized.`,
  },
  /** A second initial request on the same stream. */
  INITIAL_REQUEST_DUPLICATE: {
    code: INVALID_ARGUMENT,
    message: () => "duplicate initial request received",
  },
  /** The process stops; events that the stream has not answered go elsewhere. Subscribe again. */
  STREAM_ENDING: {
    code: UNAVAILABLE,
    message: () => "Cannot go on with the subscription: this process stops; subscribe again",
  },
});

/** Messages that the pub/sub API puts around what a component reports. */
export const pubsubMessages = {
  publish: (topic: string, pubsub: string, cause: string) =>
    `error when publish to topic ${topic} in pubsub ${pubsub}: ${cause}`,
} as const;

/** What the delay queue answers when it does not answer OK. */
export const delayErrors = defineErrors("delay_queue", {
  /** The configuration has no pub/sub component at all. */
  NOT_CONFIGURED: { code: FAILED_PRECONDITION, message: () => "delay queue is not configured" },
  /** The request names a component that is not configured. */
  NOT_FOUND: {
    code: INVALID_ARGUMENT,
    message: (name: string) => `component not found. kind: delay_queue , name: ${name}`,
  },
  /** The component's type cannot publish later. */
  NOT_SUPPORTED: {
    code: UNIMPLEMENTED,
    message: (name: string, type: string) =>
      `Cannot publish later with component "${name}": type "${type}" has no delay queue; use embedded or redis`,
  },
  /** `delay_in_seconds` is negative. */
  DELAY_INVALID: {
    code: INVALID_ARGUMENT,
    message: (seconds: number) =>
      `Cannot delay by ${seconds} seconds: delay_in_seconds must be 0 or more`,
  },
});
