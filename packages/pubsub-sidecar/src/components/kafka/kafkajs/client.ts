import type { Admin, Producer } from "kafkajs";
import { KafkaFault } from "../fault.ts";
import type {
  ConsumeOptions,
  ConsumerListener,
  KafkaClient,
  KafkaConsumer,
  OutgoingRecord,
  PartitionOffsets,
} from "../port.ts";
import { KafkajsConsumer } from "./consumer.ts";
import { brokerErrorOf, isComing } from "./faults.ts";
import { Link } from "./link.ts";
import { mendKafkajs } from "./quirks.ts";
import { createKafka, type KafkajsSettings } from "./settings.ts";

const ALL_IN_SYNC_REPLICAS = -1;
/** What a call may take beyond the time that the broker has. */
const MARGIN_MS = 5000;

/** A new topic, a new cluster, or one that has lost a broker, needs a moment before it can be subscribed to. */
const COMING_MS = 5000;
const COMING_PAUSE_MS = 100;

/**
 * Kafka through kafkajs. Its idempotent producer is not used: when it gives up a batch whose fate is unknown it uses the
 * same sequence numbers for the next one, and a broker that did write the first takes the second for a repetition and
 * acknowledges it without writing it. So a repetition here may write twice, and never loses.
 */
export class KafkajsClient implements KafkaClient {
  readonly #settings: KafkajsSettings;
  readonly #producer: Link<Producer>;
  readonly #admin: Link<Admin>;

  constructor(settings: KafkajsSettings) {
    mendKafkajs();
    this.#settings = settings;
    const { requestTimeoutMs } = settings;
    this.#producer = new Link((sockets) => {
      return createKafka(settings, sockets).producer({
        createPartitioner:
          () =>
          ({ message }) =>
            message.partition ?? 0,
        retry: { retries: 0 },
        allowAutoTopicCreation: false,
      });
    }, requestTimeoutMs + MARGIN_MS);
    this.#admin = new Link(
      (sockets) => createKafka(settings, sockets).admin(),
      requestTimeoutMs + MARGIN_MS,
    );
  }

  async connect(): Promise<void> {
    await this.ping();
  }

  async ping(): Promise<void> {
    await this.#admin.call((admin) => admin.describeCluster());
  }

  async partitions(topic: string): Promise<number> {
    return await this.#admin.call(async (admin) => {
      try {
        return await countPartitions(admin, topic);
      } catch (error) {
        if (brokerErrorOf(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
      }
      await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
      return await countPartitions(admin, topic);
    });
  }

  async send(
    topic: string,
    partition: number,
    records: readonly OutgoingRecord[],
  ): Promise<number> {
    const messages = records.map(({ key = null, value }) => ({
      key,
      value: bufferOf(value),
      partition,
    }));
    const { requestTimeoutMs: timeout } = this.#settings;
    const [written] = await this.#producer.call((producer) =>
      producer.send({ topic, acks: ALL_IN_SYNC_REPLICAS, timeout, messages }),
    );
    const { errorCode, baseOffset } = written ?? {};
    if (errorCode !== 0 || baseOffset === undefined) {
      throw new KafkaFault("failed", `the broker answered with error ${errorCode ?? "unknown"}`);
    }
    return Number(baseOffset);
  }

  async consume(options: ConsumeOptions, listener: ConsumerListener): Promise<KafkaConsumer> {
    const until = Date.now() + COMING_MS;
    for (;;) {
      try {
        await this.partitions(options.topic);
        return await KafkajsConsumer.join(this.#settings, options, listener);
      } catch (error) {
        if (!isComing(error) || Date.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, COMING_PAUSE_MS));
    }
  }

  async offsets(topic: string, group: string): Promise<PartitionOffsets[]> {
    return await this.#admin.call(async (admin) => {
      const [ends, groups] = await Promise.all([
        admin.fetchTopicOffsets(topic),
        admin.fetchOffsets({ groupId: group, topics: [topic] }),
      ]);
      const committed = new Map(
        groups[0]?.partitions.map((each) => [each.partition, Number(each.offset)]),
      );
      return ends.map(({ partition, low, high }) => {
        const offset = committed.get(partition) ?? -1;
        return {
          partition,
          low: Number(low),
          end: Number(high),
          committed: offset < 0 ? undefined : offset,
        };
      });
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.close(), this.#admin.close()]);
  }
}

async function countPartitions(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const count = topics[0]?.partitions.length ?? 0;
  if (count === 0) throw new KafkaFault("away", `topic "${topic}" has no partitions yet`);
  return count;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
