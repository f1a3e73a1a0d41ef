import { type ConfigFault, checkPublished, type JsonSchema } from "@layotto/sidecar-kit/config";

/** How the messages of a subscription reach its app or stream. */
export interface DeliveryOptions {
  /** Messages that it works on at a time. */
  readonly concurrency: number;
  /** Unsettled messages taken from the broker at a time. */
  readonly prefetch: number;
  /** Longest time for one attempt. */
  readonly timeoutMs: number;
  /** Attempts before the dead-letter topic; without such a topic there is no limit. */
  readonly maxAttempts: number;
  /** Pause before the second attempt; doubles each time. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  readonly deadLetterTopic: string | undefined;
  /** Messages are plain bytes and no CloudEvents. */
  readonly raw: boolean;
}

/** What holds where nobody says anything. */
export const defaultDelivery: DeliveryOptions = {
  concurrency: 10,
  prefetch: 100,
  timeoutMs: 60_000,
  maxAttempts: 10,
  retryMs: 500,
  maxRetryMs: 60_000,
  deadLetterTopic: undefined,
  raw: false,
};

/** Keys of the metadata as `deliveryShape` of metadata.ts reads them. */
interface DeliveryMetadata {
  readonly concurrency?: number;
  readonly prefetch?: number;
  readonly deliveryTimeout?: number;
  readonly maxAttempts?: number;
  readonly retryInterval?: number;
  readonly maxRetryInterval?: number;
  readonly deadLetterTopic?: string;
  readonly rawPayload?: boolean;
}

/** What components of Layotto and Dapr call the prefetch: redis, rabbitmq, natsstreaming. */
const prefetchNames = ["queueDepth", "prefetchCount", "maxInFlight"];

/**
 * Reads delivery keys out of metadata.
 *
 * @param schema of the metadata, as published; keys that it does not list are left alone
 * @param base what holds for keys that the metadata does not have
 */
export function readDelivery(
  schema: JsonSchema,
  metadata: unknown,
  base: DeliveryOptions = defaultDelivery,
): { options: DeliveryOptions; faults: readonly ConfigFault[] } {
  const { value, faults } = checkPublished(schema, metadata, []);
  if (faults.length > 0) return { options: base, faults };
  const known = value as DeliveryMetadata; // what the schema has just been found to hold
  const options = {
    concurrency: known.concurrency ?? base.concurrency,
    prefetch: known.prefetch ?? prefetchOf(metadata) ?? base.prefetch,
    timeoutMs: known.deliveryTimeout ?? base.timeoutMs,
    maxAttempts: known.maxAttempts ?? base.maxAttempts,
    retryMs: known.retryInterval ?? base.retryMs,
    maxRetryMs: known.maxRetryInterval ?? base.maxRetryMs,
    deadLetterTopic: known.deadLetterTopic ?? base.deadLetterTopic,
    raw: known.rawPayload ?? base.raw,
  };
  return { options, faults };
}

function prefetchOf(metadata: unknown): number | undefined {
  const values = prefetchNames.map((name) => Number(Reflect.get(Object(metadata), name)));
  return values.find((value) => value >= 1);
}
