import { createInbox, nanos } from "nats";
import type { ConsumerInfo, Msg, NatsConnection, Subscription } from "nats";

/** How long the server keeps a pull request. */
const EXPIRES_MS = 30_000;
/** A feed that is asked for messages and hears nothing for this long is dead. */
const SILENCE_MS = EXPIRES_MS + 10_000;

const REQUEST_TIMEOUT = 408;
const HEARTBEAT = 100;

/** Who gets what a {@link Feed} brings. Neither method throws. */
export interface FeedReader {
  /** A message, also one that comes while the feed closes. */
  message(message: Msg, feed: Feed): void;
  /** Fewer messages are on their way than were asked for: ask again. */
  wanting(feed: Feed): void;
  /** The server serves this feed no more. Not called after `close`. */
  ended(feed: Feed, reason: string): void;
}

/** Pulls messages of one consumer into one inbox. */
export class Feed {
  /** Messages that were asked for and have not come. */
  requested = 0;
  /** Whether `close` was called: what comes now is to be given back. */
  closing = false;
  readonly #connection: NatsConnection;
  readonly #next: string;
  readonly #expiresNanos: number;
  readonly #inbox = createInbox();
  readonly #reader: FeedReader;
  readonly #subscription: Subscription;
  #silence: NodeJS.Timeout | undefined;

  constructor(connection: NatsConnection, consumer: ConsumerInfo, reader: FeedReader) {
    this.#connection = connection;
    this.#next = `$JS.API.CONSUMER.MSG.NEXT.${consumer.stream_name}.${consumer.name}`;
    this.#expiresNanos = Math.min(nanos(EXPIRES_MS), consumer.config.max_expires || Infinity);
    this.#reader = reader;
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => this.#received(error, message),
    });
  }

  /** Asks for up to `count` more messages. */
  request(count: number): void {
    this.requested += count;
    this.#listen();
    const pull = JSON.stringify({ batch: count, expires: this.#expiresNanos });
    try {
      this.#connection.publish(this.#next, pull, { reply: this.#inbox });
    } catch {
      // The connection is lost, and so is this feed: the next connection gets another.
    }
  }

  /**
   * Asks for nothing more and withdraws what was asked for. Resolves when nothing can come any more, at once when the
   * connection is lost.
   */
  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.#silence);
    // Rejects when the connection is lost.
    await this.#subscription.drain().catch(() => undefined);
  }

  #received(error: Error | null, message: Msg): void {
    if (error !== null) return this.#end(error.message);
    if (message.subject !== this.#inbox) {
      this.requested = Math.max(0, this.requested - 1);
      if (!this.closing) this.#listen();
      return this.#reader.message(message, this);
    }
    this.#status(message);
  }

  #status({ headers }: Msg): void {
    const code = headers?.code ?? 0;
    if (code === HEARTBEAT) return;
    const left = Number(headers?.get("Nats-Pending-Messages"));
    if (code !== REQUEST_TIMEOUT || !(left > 0)) {
      return this.#end(`${code} ${headers?.description ?? ""}`);
    }
    this.requested = Math.max(0, this.requested - left);
    if (!this.closing) this.#reader.wanting(this);
  }

  #listen(): void {
    if (this.#silence !== undefined) return void this.#silence.refresh();
    this.#silence = setTimeout(() => {
      if (this.requested > 0) this.#end("the server does not answer");
    }, SILENCE_MS).unref();
  }

  #end(reason: string): void {
    if (this.closing) return;
    void this.close();
    this.#reader.ended(this, reason);
  }
}
