import { type FaultKind, KafkaFault } from "../fault.ts";

/** Error names of kafkajs, and types of broker errors. Source: https://kafka.apache.org/protocol#protocol_error_codes */
const KINDS: Readonly<Record<string, FaultKind>> = {
  MESSAGE_TOO_LARGE: "too-large",
  RECORD_LIST_TOO_LARGE: "too-large",
  REQUEST_TIMED_OUT: "slow",
  KafkaJSRequestTimeoutError: "slow",
  KafkaJSTimeout: "slow",
  KafkaJSSASLAuthenticationError: "refused",
  SASL_AUTHENTICATION_FAILED: "refused",
  UNSUPPORTED_SASL_MECHANISM: "refused",
  ILLEGAL_SASL_STATE: "refused",
  TOPIC_AUTHORIZATION_FAILED: "refused",
  GROUP_AUTHORIZATION_FAILED: "refused",
  CLUSTER_AUTHORIZATION_FAILED: "refused",
  KafkaJSConnectionError: "away",
  KafkaJSConnectionClosedError: "away",
  KafkaJSBrokerNotFound: "away",
  KafkaJSNoBrokerAvailableError: "away",
  KafkaJSLockTimeout: "away",
  KafkaJSMetadataNotLoaded: "away",
  KafkaJSTopicMetadataNotLoaded: "away",
  KafkaJSGroupCoordinatorNotFound: "away",
};

/** Errors of a topic or a group that is being made, or moves to another broker. */
const COMING = new Set([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_FOR_PARTITION",
  "GROUP_LOAD_IN_PROGRESS",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
  "KafkaJSGroupCoordinatorNotFound",
]);

/** What an error of kafkajs means. */
export function toFault(error: unknown): KafkaFault {
  if (error instanceof KafkaFault) return error;
  const inner = innermost(error);
  const named = KINDS[property(inner, "type")] ?? KINDS[property(inner, "name")];
  const kind = named ?? (Reflect.get(Object(inner), "retriable") === true ? "away" : "failed");
  return new KafkaFault(kind, inner instanceof Error ? inner.message : String(inner), error);
}

/** Type of the broker's error, e.g. `"UNKNOWN_TOPIC_OR_PARTITION"`; "" when the broker has sent none. */
export function brokerErrorOf(error: unknown): string {
  return property(innermost(error), "type");
}

/** Whether the brokers are there and will do it in a moment. */
export function isComing(error: unknown): boolean {
  const inner = innermost(error);
  return COMING.has(property(inner, "type")) || COMING.has(property(inner, "name"));
}

/** kafkajs wraps errors when it gives up trying. */
function innermost(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < 5; depth++) {
    const cause: unknown = inner instanceof Error ? inner.cause : undefined;
    if (!(cause instanceof Error)) break;
    inner = cause;
  }
  return inner;
}

function property(error: unknown, name: string): string {
  const value: unknown = Reflect.get(Object(error), name);
  return typeof value === "string" ? value : "";
}
