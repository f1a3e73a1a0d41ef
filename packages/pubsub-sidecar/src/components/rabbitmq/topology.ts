import { backendErrors } from "@layotto/sidecar-kit";
import type { Channel, ChannelModel, Options } from "amqplib";
import { onChannel } from "./connect.ts";
import type { RabbitmqMetadata } from "./metadata.ts";

/** Longest name in the protocol, in bytes. */
const MAX_NAME_BYTES = 255;
/** What is put before the name of a queue for its dead letters. */
const LONGEST_PREFIX = "dlx-";

/** Name of a group's queue for a topic, as in Dapr. */
export function queueName(topic: string, group: string): string {
  return `${group}-${topic}`;
}

/** Why a topic cannot be: see `PubSub.topicFault`. @param group of the component, which is part of the queue's name */
export function topicFault(topic: string, group: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- the server drops line breaks from names without a word
  if (/[\u0000-\u001f\u007f]/.test(topic)) return "may not contain control characters";
  if (/^amq\./i.test(topic)) return 'may not begin with "amq.", which RabbitMQ reserves';
  const most = MAX_NAME_BYTES - Buffer.byteLength(`${LONGEST_PREFIX}${group}-`);
  if (Buffer.byteLength(topic) <= most) return undefined;
  return `may not be longer than ${most} bytes with consumer group "${group}"`;
}

/** Declares the exchange of a topic. @throws RpcError */
export function declareExchange(model: ChannelModel, topic: string): Promise<void> {
  const attempt = { what: `declare exchange "${topic}"`, cure: "delete it, or use another topic" };
  return onChannel(model, attempt, (channel) => assertFanout(channel, topic));
}

/** Which queue to declare. */
export interface QueueRequest {
  readonly topic: string;
  readonly group: string;
  /** Whether it gets what is published from now on. */
  readonly bound: boolean;
}

/** Declares the exchange of a topic and the queue of a group. @throws RpcError */
export async function declareQueue(
  model: ChannelModel,
  { topic, group, bound }: QueueRequest,
  metadata: RabbitmqMetadata,
): Promise<void> {
  const queue = queueName(topic, group);
  if (Buffer.byteLength(LONGEST_PREFIX + queue) > MAX_NAME_BYTES) {
    throw backendErrors.BACKEND_REFUSED(
      `Cannot use queue "${queue}": with "${LONGEST_PREFIX}" the name is longer than ${MAX_NAME_BYTES} bytes; shorten topic or consumerID`,
    );
  }
  await declareExchange(model, topic);
  if (metadata.enableDeadLetter) await declareDeadLetters(model, queue, metadata);
  const cure =
    "set durable, deletedWhenUnused, queueType, enableDeadLetter, maxLen and maxLenBytes as it was made, or delete it when it is empty";
  await onChannel(model, { what: `declare queue "${queue}"`, cure }, async (channel) => {
    await channel.assertQueue(queue, queueOptions(queue, metadata));
    if (bound) await channel.bindQueue(queue, topic, "");
  });
}

async function declareDeadLetters(
  model: ChannelModel,
  queue: string,
  metadata: RabbitmqMetadata,
): Promise<void> {
  const exchange = `dlx-${queue}`;
  const dead = `dlq-${queue}`;
  const attempt = { what: `declare queue "${dead}"`, cure: "delete it when it is empty" };
  await onChannel(model, attempt, async (channel) => {
    await assertFanout(channel, exchange);
    await channel.assertQueue(dead, { durable: true, autoDelete: metadata.deletedWhenUnused });
    await channel.bindQueue(dead, exchange, "");
  });
}

async function assertFanout(channel: Channel, exchange: string): Promise<void> {
  await channel.assertExchange(exchange, "fanout", { durable: true });
}

function queueOptions(queue: string, metadata: RabbitmqMetadata): Options.AssertQueue {
  const { durable, deletedWhenUnused, enableDeadLetter, maxLen, maxLenBytes, queueType } = metadata;
  return {
    durable,
    autoDelete: deletedWhenUnused,
    arguments: {
      ...(enableDeadLetter && { "x-dead-letter-exchange": `dlx-${queue}` }),
      ...(maxLen !== undefined && { "x-max-length": maxLen }),
      ...(maxLenBytes !== undefined && { "x-max-length-bytes": maxLenBytes }),
      ...(queueType !== undefined && { "x-queue-type": queueType }),
    },
  };
}
