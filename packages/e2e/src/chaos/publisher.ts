import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { type GrpcClient, GrpcError, Status, statusName } from "@layotto/grpc-transport";
import { bytes, runtime } from "../harness/calls.ts";
import { type ChaosMessage, PROBE_KEY } from "./arrival.ts";

/** A message that was published, perhaps several times. */
export interface Publication {
  readonly key: string;
  readonly seq: number;
  /** How often it was sent: 1 = once. Each may have reached the broker. */
  attempts: number;
  /** Wall clock of the first attempt, ms since the epoch. */
  readonly firstAt: number;
  /** When the broker's acknowledgement came; undefined = never. */
  acknowledgedAt: number | undefined;
}

/** What a {@link Publisher} publishes, and where. */
export interface PublisherOptions {
  readonly grpc: GrpcClient;
  readonly pubsub: string;
  readonly topic: string;
  readonly run: string;
  /** How many keys the messages are spread over. */
  readonly keys: number;
  readonly messages: number;
  readonly perSecond: number;
  /** Ends the publishing; what is not acknowledged then is counted as such. */
  readonly signal: AbortSignal;
}

/** Longest time for one attempt, ms. */
const TIMEOUT_MS = 5000;
/** Pause before a message is published again, ms. */
const AGAIN_MS = 50;
/** Answers that no repetition mends. */
const hopeless: readonly number[] = [
  Status.INVALID_ARGUMENT,
  Status.UNIMPLEMENTED,
  Status.FAILED_PRECONDITION,
  Status.UNAUTHENTICATED,
];

/** Publishes numbered messages: of each key the next one only when the one before is acknowledged. */
export class Publisher {
  /** By key, in the order of `seq`. */
  readonly publications = new Map<string, Publication[]>();
  /** Attempts that failed, by status and text. */
  readonly failures = new Map<string, number>();
  acknowledged = 0;
  readonly #options: PublisherOptions;
  readonly #api: ReturnType<typeof runtime>;
  #nextTurn = 0;
  #stopped = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    setMaxListeners(options.keys + 2, options.signal); // one for each call under way
    this.#api = runtime(options.grpc);
  }

  /** Publishes everything. @throws GrpcError that no repetition mends */
  async run(): Promise<void> {
    const { keys, messages } = this.#options;
    const share = (index: number): number => Math.floor((messages + keys - 1 - index) / keys);
    await Promise.all(Array.from({ length: keys }, (_, i) => this.#publishKey(`k${i}`, share(i))));
  }

  /** Begins no further message; {@link run} resolves when those under way are acknowledged. */
  stop(): void {
    this.#stopped = true;
  }

  /** Publishes one message that is not counted. Resolves with whether it was acknowledged. */
  async probe(): Promise<boolean> {
    try {
      await this.#send({ key: PROBE_KEY, seq: 0, run: this.#options.run });
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  async #publishKey(key: string, count: number): Promise<void> {
    const { run, signal } = this.#options;
    const own: Publication[] = [];
    this.publications.set(key, own);
    for (let seq = 1; seq <= count; seq += 1) {
      await this.#turn();
      if (signal.aborted || this.#stopped) return;
      const publication = { key, seq, attempts: 0, firstAt: Date.now(), acknowledgedAt: undefined };
      own.push(publication);
      await this.#publish(publication, { key, seq, run });
    }
  }

  async #publish(publication: Publication, message: ChaosMessage): Promise<void> {
    while (!this.#options.signal.aborted) {
      publication.attempts += 1;
      try {
        await this.#send(message);
        publication.acknowledgedAt = Date.now();
        this.acknowledged += 1;
        return;
      } catch (error) {
        this.#failed(error);
        await pause(AGAIN_MS);
      }
    }
  }

  async #send(message: ChaosMessage): Promise<void> {
    const { pubsub, topic, signal } = this.#options;
    await this.#api.publishEvent(
      {
        pubsubName: pubsub,
        topic,
        data: bytes(JSON.stringify(message)),
        dataContentType: "application/json",
        metadata: { partitionKey: message.key },
      },
      { timeoutMs: TIMEOUT_MS, waitForReady: true, signal },
    );
  }

  #failed(error: unknown): void {
    if (!(error instanceof GrpcError) || hopeless.includes(error.code)) throw error;
    const text = `${statusName(error.code)}: ${error.message}`;
    this.failures.set(text, (this.failures.get(text) ?? 0) + 1);
  }

  /** Keeps to the rate. */
  async #turn(): Promise<void> {
    const now = performance.now();
    const mine = Math.max(now, this.#nextTurn);
    this.#nextTurn = mine + 1000 / this.#options.perSecond;
    if (mine - now >= 1) await pause(mine - now);
  }
}
