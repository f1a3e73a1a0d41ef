import {
  backoffMs,
  backendErrors,
  systemClock,
  type Logger,
  type Timer,
} from "@layotto/sidecar-kit";

/** How a {@link Link} makes and ends its connections. */
export interface LinkOptions<C> {
  /** What is connected to, for messages, e.g. `"nats"`. */
  readonly broker: string;
  /** Makes one attempt; bounded by a timeout of its own. */
  connect(): Promise<C>;
  /** Settles when a connection is gone, whoever ended it; tells why when it knows. Never rejects. */
  gone(connection: C): Promise<Error | undefined>;
  /** Ends a connection. May reject. */
  disconnect(connection: C): Promise<void>;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** Longest pause between two attempts, in milliseconds; default 5000. */
  readonly maxPauseMs?: number;
}

/** Who wants to know about connections. Neither method throws. */
export interface LinkWatcher<C> {
  up(connection: C): void;
  down(): void;
}

/**
 * Keeps one connection to a broker: when it is gone, it makes a new one, for ever, with back-off. Each connection is a
 * new object, so nothing that was written to a lost one can reach the broker later.
 */
export class Link<C> {
  /** The connection; undefined while there is none. */
  current: C | undefined;
  readonly #options: LinkOptions<C>;
  readonly #watchers = new Set<LinkWatcher<C>>();
  #closed = false;
  #attempt = 0;
  #timer: Timer | undefined;

  private constructor(options: LinkOptions<C>) {
    this.#options = options;
  }

  /** Connects. Rejects when the first attempt fails. */
  static async open<C>(options: LinkOptions<C>): Promise<Link<C>> {
    const link = new Link(options);
    link.#use(await options.connect());
    return link;
  }

  /** @throws RpcError BACKEND_UNAVAILABLE while there is no connection */
  get connected(): C {
    if (this.current !== undefined) return this.current;
    throw backendErrors.BACKEND_UNAVAILABLE(`Cannot reach ${this.#options.broker}: not connected`);
  }

  /** Tells about connections from now on. Returns how to end that. */
  watch(watcher: LinkWatcher<C>): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    const { current } = this;
    this.current = undefined;
    // A connection that is already gone cannot be ended any more.
    if (current !== undefined) await this.#options.disconnect(current).catch(() => undefined);
  }

  #use(connection: C): void {
    this.current = connection;
    this.#attempt = 0;
    void this.#options.gone(connection).then((reason) => this.#lost(connection, reason));
    for (const watcher of [...this.#watchers]) watcher.up(connection);
  }

  #lost(connection: C, reason: Error | undefined): void {
    if (this.current === connection) this.current = undefined;
    for (const watcher of [...this.#watchers]) watcher.down();
    if (this.#closed) return;
    const { broker, logger } = this.#options;
    logger.warn({ reason: reason?.message ?? "closed" }, `lost the connection to ${broker}`);
    this.#later();
  }

  #later(): void {
    const { maxPauseMs = 5000 } = this.#options;
    this.#attempt += 1;
    const pauseMs = backoffMs(this.#attempt, { initialMs: 50, maxMs: maxPauseMs });
    this.#timer = systemClock.after(pauseMs, () => void this.#again());
  }

  async #again(): Promise<void> {
    const { broker, logger, connect, disconnect } = this.#options;
    try {
      const connection = await connect();
      if (this.#closed) return await disconnect(connection);
      this.#use(connection);
      logger.info(`connected to ${broker} again`);
    } catch {
      // Said once when the connection was lost.
      if (!this.#closed) this.#later();
    }
  }
}
