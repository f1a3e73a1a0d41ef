import { backendErrors } from "@layotto/sidecar-kit";
import { AckPolicy, DeliverPolicy, ReplayPolicy, RetentionPolicy, StorageType, nanos } from "nats";
import type { ConsumerInfo, JetStreamManager } from "nats";
import { apiCodes, isApiError, natsError } from "./errors.ts";
import type { NatsMetadata } from "./metadata.ts";
import { consumerName, nameFault, natsName } from "./names.ts";

/** The streams and consumers behind topics and groups. Makes what is missing, uses what is there as it is. */
export class Streams {
  readonly #manager: JetStreamManager;
  readonly #metadata: NatsMetadata;
  readonly #known = new Map<string, Promise<string>>();

  constructor(manager: JetStreamManager, metadata: NatsMetadata) {
    this.#manager = manager;
    this.#metadata = metadata;
  }

  /** Name of the stream that holds a topic; asks the server only once. @throws RpcError */
  of(topic: string): Promise<string> {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const found = this.#ensureStream(topic);
    this.#known.set(topic, found);
    found.catch(() => this.forget(topic));
    return found;
  }

  /** The stream may be gone: look again. */
  forget(topic: string): void {
    this.#known.delete(topic);
  }

  /** The durable consumer of a group. @throws RpcError */
  async consumer(topic: string, group: string): Promise<ConsumerInfo> {
    const stream = await this.of(topic);
    const name = consumerName(stream, topic, group);
    const fault = nameFault(name);
    if (fault !== undefined) {
      throw backendErrors.BACKEND_REFUSED(
        `Cannot subscribe as group "${group}": the name ${fault}`,
      );
    }
    return usable(await this.#ensureConsumer(stream, name, topic), group);
  }

  /** What is not acknowledged: pending, and handed out. @throws RpcError */
  async lag(stream: string, consumer: string): Promise<number> {
    try {
      const info = await this.#manager.consumers.info(stream, consumer);
      return info.num_pending + info.num_ack_pending;
    } catch (error) {
      throw natsError(error);
    }
  }

  async #ensureStream(topic: string): Promise<string> {
    const { streamName } = this.#metadata;
    const found = await this.#find(topic);
    if (found !== undefined && (streamName === undefined || streamName === found)) return found;
    if (streamName !== undefined) throw notHeld(topic, streamName, found);
    try {
      await this.#addStream(topic);
    } catch (error) {
      // Another process made it just now, with other settings; anything else is a fault.
      if (!isApiError(error, apiCodes.streamNameInUse)) throw natsError(error);
    }
    const made = await this.#find(topic);
    if (made !== undefined) return made;
    throw backendErrors.BACKEND_FAILED(
      `Cannot use topic "${topic}": stream "${natsName(topic)}" is there and does not hold that subject; add it to the stream's subjects`,
    );
  }

  async #find(topic: string): Promise<string | undefined> {
    try {
      return await this.#manager.streams.find(topic);
    } catch (error) {
      // The library has no code for "no stream matches": only answers of the server and lost connections have one.
      if (error instanceof Error && !("code" in error)) return undefined;
      throw natsError(error);
    }
  }

  async #addStream(topic: string): Promise<void> {
    const { replicas, maxAge } = this.#metadata;
    await this.#manager.streams.add({
      name: natsName(topic),
      subjects: [topic],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      num_replicas: replicas,
      ...(maxAge !== undefined && { max_age: nanos(maxAge) }),
    });
  }

  async #ensureConsumer(stream: string, name: string, topic: string): Promise<ConsumerInfo> {
    const { consumers } = this.#manager;
    try {
      return await consumers.info(stream, name);
    } catch (error) {
      if (isApiError(error, apiCodes.streamNotFound)) this.forget(topic);
      if (!isApiError(error, apiCodes.consumerNotFound)) throw natsError(error);
    }
    try {
      return await consumers.add(stream, {
        durable_name: name,
        filter_subject: topic,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        replay_policy: ReplayPolicy.Instant,
        ack_wait: nanos(this.#metadata.ackWaitTime),
        // The pulls of all processes together are the limit.
        max_ack_pending: -1,
      });
    } catch (error) {
      throw natsError(error);
    }
  }
}

function notHeld(topic: string, stream: string, other: string | undefined): Error {
  const where = other === undefined ? "no stream holds that subject" : `stream "${other}" holds it`;
  return backendErrors.BACKEND_FAILED(
    `Cannot use topic "${topic}" with streamName "${stream}": ${where}; add the subject to the stream, or remove streamName`,
  );
}

function usable(info: ConsumerInfo, group: string): ConsumerInfo {
  const { ack_policy, deliver_subject } = info.config;
  if (deliver_subject === undefined && ack_policy === AckPolicy.Explicit) return info;
  throw backendErrors.BACKEND_FAILED(
    `Cannot subscribe as group "${group}": consumer "${info.name}" of stream "${info.stream_name}" is there and is no pull consumer with explicit acknowledgements; use another consumerID or delete it`,
  );
}
