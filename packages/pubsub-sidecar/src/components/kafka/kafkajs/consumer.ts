import type { Consumer, EachBatchPayload, IHeaders, KafkaMessage } from "kafkajs";
import { KafkaFault } from "../fault.ts";
import type { ConsumeOptions, ConsumerListener, IncomingRecord, KafkaConsumer } from "../port.ts";
import { assignersOf } from "./assigner.ts";
import { toFault } from "./faults.ts";
import { within } from "./link.ts";
import { createKafka, type KafkajsSettings } from "./settings.ts";
import { Sockets } from "./sockets.ts";

/** An answer comes as soon as there is something; without anything this is how often kafkajs looks around. */
const MAX_WAIT_MS = 100;
/** What is read ahead per partition: this much waits in memory when the app is slow. */
const MAX_PARTITION_BYTES = 256 * 1024;
const MAX_FETCH_BYTES = 4 * 1024 * 1024;
/** Partitions whose records are handed over at a time; handing over takes no time unless there is no room. */
const CONCURRENCY = 64;
const JOIN_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 3000;
const NEW_PARTITIONS_MS = 60_000;

/** A consumer of kafkajs. It is not restarted by itself: `ended` says that a new one is needed. */
export class KafkajsConsumer implements KafkaConsumer {
  readonly #options: ConsumeOptions;
  readonly #listener: ConsumerListener;
  readonly #sockets = new Sockets();
  readonly #consumer: Consumer;
  readonly #silenceMs: number;
  #watchdog: NodeJS.Timeout | undefined;
  #lastSignMs = Date.now();
  #memberId = "";
  #owned: readonly number[] = [];
  #joined = false;
  #over: KafkaFault | undefined;

  private constructor(
    settings: KafkajsSettings,
    options: ConsumeOptions,
    listener: ConsumerListener,
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#silenceMs = 2 * settings.sessionTimeoutMs + 10_000;
    const ownership = () => ({ topic: options.topic, partitions: this.#owned });
    this.#consumer = createKafka(settings, this.#sockets).consumer({
      groupId: options.group,
      partitionAssigners: assignersOf(ownership),
      sessionTimeout: settings.sessionTimeoutMs,
      // How long the others wait for one that lives and does not join.
      rebalanceTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: settings.heartbeatMs,
      metadataMaxAge: NEW_PARTITIONS_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes: MAX_FETCH_BYTES,
      maxBytesPerPartition: MAX_PARTITION_BYTES,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1000,
        retries: 4,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
    this.#listen();
  }

  /** Joins the group; resolves when it has. @throws KafkaFault */
  static async join(
    settings: KafkajsSettings,
    options: ConsumeOptions,
    listener: ConsumerListener,
  ): Promise<KafkajsConsumer> {
    const consumer = new KafkajsConsumer(settings, options, listener);
    try {
      await within(JOIN_TIMEOUT_MS, () => consumer.#start());
      return consumer;
    } catch (error) {
      consumer.#over ??= toFault(error);
      await consumer.close();
      const fault = toFault(error);
      // Without its cause nobody tries again with a listener that was told of the end.
      throw consumer.#joined ? new KafkaFault(fault.kind, fault.message) : fault;
    }
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    if (this.#over !== undefined) throw this.#over;
    const { topic } = this.#options;
    const offsets = [...positions].map(([partition, at]) => ({
      topic,
      partition,
      offset: String(at),
    }));
    try {
      await this.#consumer.commitOffsets(offsets);
    } catch (error) {
      throw toFault(error);
    }
    // kafkajs says nothing when it does not commit because it has ended meanwhile.
    if (this.#over !== undefined) throw this.#over as KafkaFault;
  }

  pause(partitions: readonly number[]): void {
    if (this.#over === undefined && partitions.length > 0) {
      this.#consumer.pause([{ topic: this.#options.topic, partitions: [...partitions] }]);
    }
  }

  resume(partitions: readonly number[]): void {
    if (this.#over === undefined && partitions.length > 0) {
      this.#consumer.resume([{ topic: this.#options.topic, partitions: [...partitions] }]);
    }
  }

  async close(): Promise<void> {
    this.#over ??= new KafkaFault("away", "the consumer is closed");
    clearInterval(this.#watchdog);
    await within(CLOSE_TIMEOUT_MS, () => this.#consumer.disconnect()).catch(() => {});
    this.#sockets.close();
  }

  async #start(): Promise<void> {
    const { topic, initialOffset } = this.#options;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic, fromBeginning: initialOffset === "oldest" });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENCY,
      eachBatch: (payload) => this.#take(payload),
    });
    if (this.#over !== undefined) throw this.#over;
    this.#watchdog = setInterval(() => this.#watch(), 2000).unref();
  }

  #listen(): void {
    const { events } = this.#consumer;
    const alive = (): void => void (this.#lastSignMs = Date.now());
    for (const sign of [events.FETCH, events.HEARTBEAT, events.START_BATCH_PROCESS] as const) {
      this.#consumer.on(sign, alive);
    }
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      alive();
      this.#assigned(payload.memberId, payload.memberAssignment[this.#options.topic] ?? []);
    });
    this.#consumer.on(events.REBALANCING, () => this.#listener.rebalancing());
    this.#consumer.on(events.CRASH, ({ payload }) => this.#end(toFault(payload.error)));
  }

  #assigned(memberId: string, partitions: readonly number[]): void {
    if (this.#over !== undefined) return;
    // As a new member we had lost everything, and others may have had it meanwhile.
    if (memberId !== this.#memberId && this.#joined) this.#listener.assigned([]);
    this.#memberId = memberId;
    this.#joined = true;
    this.#owned = partitions;
    const { topic } = this.#options;
    for (const [partition, offset] of this.#listener.assigned(partitions)) {
      this.#consumer.seek({ topic, partition, offset: String(offset) });
    }
  }

  async #take({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload): Promise<void> {
    if (!isRunning() || isStale() || this.#over !== undefined) return;
    const last = batch.lastOffset();
    const records = batch.messages.map(recordOf);
    const room = this.#listener.records(batch.partition, records, Number(last) + 1);
    resolveOffset(last);
    await room;
  }

  /** kafkajs has been seen to stop without a word. */
  #watch(): void {
    const silentMs = Date.now() - this.#lastSignMs;
    if (silentMs > this.#silenceMs) {
      this.#end(new KafkaFault("slow", `the consumer did nothing for ${silentMs} ms`));
    }
  }

  #end(fault: KafkaFault): void {
    if (this.#over !== undefined) return;
    void this.close();
    this.#over = fault;
    if (this.#joined) this.#listener.ended(fault);
  }
}

/** Copies, so that a record which the app holds does not hold everything that was received with it. */
function recordOf({ offset, key, value, headers }: KafkaMessage): IncomingRecord {
  return {
    offset: Number(offset),
    key: key === null ? undefined : Buffer.from(key),
    value: value === null ? EMPTY : Buffer.from(value),
    headers: headers === undefined ? undefined : headersOf(headers),
  };
}

function headersOf(headers: IHeaders): [string, Buffer][] | undefined {
  const pairs: [string, Buffer][] = [];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of Array.isArray(values) ? values : [values]) {
      pairs.push([name, Buffer.from(value ?? "")]);
    }
  }
  return pairs.length === 0 ? undefined : pairs;
}

const EMPTY = Buffer.alloc(0);
