import { fromBinary } from "@bufbuild/protobuf";
import { backoffMs, Status, type Clock, type Logger, type Timer } from "@layotto/sidecar-kit";
import {
  type CallOptions,
  type ClientTarget,
  GrpcClient,
  GrpcError,
  type UnaryCallback,
} from "@layotto/grpc-transport";
import {
  ListTopicSubscriptionsResponseSchema,
  type TopicSubscription,
} from "@layotto/proto/spec/proto/runtime/v1/appcallback";

const LIST = "/spec.proto.runtime.v1.AppCallback/ListTopicSubscriptions";
const LIST_TIMEOUT_MS = 10_000;
/** An app that has gone without a word (machine, network) is noticed after about this time. */
const KEEPALIVE_MS = 20_000;
const NOTHING = Buffer.alloc(0);

/** What is told about the app. */
export interface AppEvents {
  /** The app is there and has said what it subscribes to. Called again each time it (re)connects. */
  onReady(subscriptions: readonly TopicSubscription[]): void;
  /** The app is gone. */
  onAway(): void;
}

/** What an {@link AppChannel} needs. */
export interface AppChannelOptions {
  readonly target: ClientTarget;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly events: AppEvents;
}

/**
 * The connection to the app's `AppCallback` service. It is kept up for as long as the process lives, so that the app may
 * start before or after, and is asked for its subscriptions each time it comes.
 */
export class AppChannel {
  readonly #options: AppChannelOptions;
  readonly #client: GrpcClient;
  #present = false;
  #closed = false;
  #retry: Timer | undefined;
  /** Counts connections, so that a late answer of an old one is not taken for the new one's. */
  #connection = 0;

  constructor(options: AppChannelOptions) {
    this.#options = options;
    const { target, logger } = options;
    this.#client = new GrpcClient(target, {
      persistent: true,
      keepaliveMs: KEEPALIVE_MS,
      maxBackoffMs: 1000,
      onError: (err) => logger.error({ err }, "callback failed"),
    });
    this.#client.onState((state) => {
      if (state === "ready") this.#ask(1);
      else this.#lost();
    });
  }

  /** Whether the app is connected and has said what it subscribes to. */
  get ready(): boolean {
    return this.#present;
  }

  /** Number of the connection that calls use now, while {@link ready}. */
  get connection(): number {
    return this.#connection;
  }

  /** Whether that connection is no more. The app may have come back on another one meanwhile. */
  hasLost(connection: number): boolean {
    return connection !== this.#connection || this.#client.connection === null;
  }

  connect(): void {
    this.#client.connect();
  }

  /** Calls a method of the app. */
  call(path: string, message: Uint8Array, options: CallOptions, callback: UnaryCallback): void {
    this.#client.unaryCallback(path, message, options, callback);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#present = false;
    this.#retry?.cancel();
    await this.#client.close();
  }

  #lost(): void {
    this.#connection++;
    this.#retry?.cancel();
    if (!this.#present) return;
    this.#present = false;
    if (this.#closed) return;
    this.#options.logger.info("the app is away, its messages wait");
    this.#options.events.onAway();
  }

  #ask(attempt: number): void {
    const connection = ++this.#connection;
    this.#client
      .unary(LIST, NOTHING, { timeoutMs: LIST_TIMEOUT_MS })
      .then(
        ({ message }) => {
          if (connection === this.#connection) this.#answered(message, attempt);
        },
        (error: unknown) => {
          if (connection === this.#connection) this.#askFailed(error, attempt);
        },
      )
      .catch((err: unknown) => this.#options.logger.error({ err }, "cannot take the app's answer"));
  }

  #answered(message: Uint8Array, attempt: number): void {
    let subscriptions: readonly TopicSubscription[];
    try {
      ({ subscriptions } = fromBinary(ListTopicSubscriptionsResponseSchema, message));
    } catch (error) {
      return this.#askFailed(error, attempt);
    }
    this.#come(subscriptions);
  }

  #askFailed(error: unknown, attempt: number): void {
    const { logger, clock } = this.#options;
    if (error instanceof GrpcError && error.code === Status.UNIMPLEMENTED) {
      logger.warn("the app has no ListTopicSubscriptions: only subscriptions of the file hold");
      return this.#come([]);
    }
    const reason = error instanceof Error ? error.message : String(error);
    if (attempt === 1)
      logger.warn({ reason }, "cannot ask the app for subscriptions, trying again");
    this.#retry = clock.after(backoffMs(attempt), () => this.#ask(attempt + 1));
  }

  #come(subscriptions: readonly TopicSubscription[]): void {
    this.#present = true;
    const topics = subscriptions.map(({ pubsubName, topic }) => `${pubsubName}/${topic}`);
    this.#options.logger.info({ topics }, "the app is there");
    this.#options.events.onReady(subscriptions);
  }
}
