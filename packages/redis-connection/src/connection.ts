import {
  backendErrors,
  deferred,
  type CallOptions,
  type ComponentContext,
} from "@layotto/sidecar-kit";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { Deadlines, type Expirable } from "./deadlines.ts";
import { redisError } from "./errors.ts";
import { hostAndPort, type RedisTarget } from "./target.ts";

/** A Lua script that becomes a method of the client. */
export interface RedisScript {
  readonly lua: string;
  /** Absent = the first argument of the call says it. */
  readonly numberOfKeys?: number;
}

/** A client with scripts as methods, e.g. `client.lockUnlock(key, owner)`; `lockUnlockBuffer` answers with bytes. */
export type ScriptedClient<S extends string> = (Redis | Cluster) &
  Record<S | `${S}Buffer`, (...args: (string | number | Uint8Array)[]) => Promise<unknown>>;

/** The part of a component's context that a connection uses. */
export interface ConnectionContext {
  readonly logger: Pick<ComponentContext["logger"], "warn">;
  readonly signal: AbortSignal;
}

/** How a connection is used, where that differs from calls of apps. */
export interface ConnectionOptions {
  /**
   * The connection is for commands that wait inside Redis for up to so many milliseconds, e.g. `XREADGROUP … BLOCK`;
   * `Infinity` = without end. Such a command holds up all that follow it on the connection, so it wants one of its own.
   * Commands are sent as they come then, and a call without a deadline lasts until Redis answers or the connection is
   * lost: `close` ends it at once. Default: no such commands.
   */
  readonly blockMs?: number;
  /** How long a call may take when its caller names no deadline; default the target's, none with `blockMs`. */
  readonly callTimeoutMs?: number;
}

/**
 * A connection to a node, a cluster or the master that sentinels name. It comes back by itself. While it is away calls
 * fail at once with UNAVAILABLE, and those that were under way fail without being repeated: nobody knows whether they
 * were done. Commands of one event-loop turn are sent together.
 */
export class RedisConnection<S extends string = never> {
  readonly client: ScriptedClient<S>;
  readonly #callTimeoutMs: number;
  readonly #deadlines: Deadlines;
  /** Aborted by `close`; ioredis says nothing when it is ended between two attempts to connect. */
  readonly #closing = new AbortController();

  private constructor(client: ScriptedClient<S>, callTimeoutMs: number, deadlines: Deadlines) {
    this.client = client;
    this.#callTimeoutMs = callTimeoutMs;
    this.#deadlines = deadlines;
  }

  /** Connects. Rejects when that does not work; nothing is left behind then. */
  static async open<S extends string>(
    target: RedisTarget,
    scripts: Readonly<Record<S, RedisScript>>,
    context: ConnectionContext,
    options: ConnectionOptions = {},
  ): Promise<RedisConnection<S>> {
    const { blockMs } = options;
    const { callTimeoutMs = blockMs === undefined ? target.callTimeoutMs : Infinity } = options;
    const client =
      target.mode === "cluster"
        ? clusterOf(target, blockMs)
        : new Redis(nodeOptions(target, blockMs));
    for (const [name, script] of Object.entries<RedisScript>(scripts))
      client.defineCommand(name, script);
    // defineCommand has just added the methods.
    const scripted = client as ScriptedClient<S>;
    await connect(client, context);
    return new RedisConnection(scripted, callTimeoutMs, new Deadlines());
  }

  /**
   * Sends commands for one call.
   *
   * @param extraMs what the commands may take by their nature, on top of the component's timeout
   * @throws RpcError BACKEND_TIMEOUT by the caller's deadline or the component's timeout, whichever is first; what has
   * not been sent by then is not sent
   * @throws RpcError BACKEND_UNAVAILABLE, BACKEND_FAILED …
   */
  call<T>(
    options: CallOptions,
    send: (client: ScriptedClient<S>) => Promise<T>,
    extraMs = 0,
  ): Promise<T> {
    const now = Date.now();
    const { deadlineMs = Infinity } = options;
    if (deadlineMs <= now) return Promise.reject(tooLate("before it was sent to redis"));
    return new Promise<T>((resolve, reject) => {
      const waiting: Expirable = {
        deadlineMs: Math.min(deadlineMs, now + this.#callTimeoutMs + extraMs),
        expire: () => reject(tooLate("before redis answered")),
      };
      if (waiting.deadlineMs !== Infinity) this.#deadlines.add(waiting);
      send(this.client).then(
        (result) => {
          this.#deadlines.delete(waiting);
          resolve(result);
        },
        (error: unknown) => {
          this.#deadlines.delete(waiting);
          reject(redisError(error));
        },
      );
    });
  }

  /**
   * Resolves when there is a connection: at once, or when it has come back. For loops that would otherwise fail again
   * and again; a server that refuses calls while it is connected needs a pause of its own.
   *
   * @throws RpcError BACKEND_UNAVAILABLE after `close`
   * @throws the reason of `signal`
   */
  async whenReady(signal: AbortSignal): Promise<void> {
    const { client } = this;
    const signals = [signal, this.#closing.signal];
    for (const each of signals) each.throwIfAborted();
    if (client.status === "ready") return;
    const { promise, resolve, reject } = deferred<void>();
    const onAbort = (event: Event): void => reject((event.target as AbortSignal).reason); // it listens to signals only
    client.once("ready", resolve);
    for (const each of signals) each.addEventListener("abort", onAbort);
    try {
      await promise;
    } finally {
      client.off("ready", resolve);
      for (const each of signals) each.removeEventListener("abort", onAbort);
    }
  }

  /** Asks the server whether it is there; not for a connection whose commands block. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.call({ signal, deadlineMs: undefined }, (client) => client.ping());
  }

  close(): Promise<void> {
    this.#closing.abort(isClosed());
    this.client.disconnect();
    this.#deadlines.close();
    return Promise.resolve();
  }
}

function isClosed(): Error {
  return backendErrors.BACKEND_UNAVAILABLE("Cannot reach redis: the connection was closed");
}

function tooLate(when: string): Error {
  return backendErrors.BACKEND_TIMEOUT(`Cannot finish the call: its deadline passed ${when}`);
}

async function connect(
  client: Redis | Cluster,
  { logger, signal }: ConnectionContext,
): Promise<void> {
  let lastError: unknown;
  let isOpen = false;
  // Without a listener ioredis prints to the console. The next "ready" ends the trouble, so one line is enough.
  client.on("error", (error: unknown) => {
    lastError ??= error;
    if (isOpen) logger.warn({ err: error }, "redis connection has trouble");
    isOpen = false;
  });
  client.on("ready", () => (isOpen = true));
  const abort = (): void => client.disconnect();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw redisError(lastError ?? error);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What all connections have in common. */
function commonOptions(target: RedisTarget, blockMs = 0) {
  return {
    ...(target.username !== undefined && { username: target.username }),
    ...(target.password !== undefined && { password: target.password }),
    ...(target.tls && { tls: { rejectUnauthorized: false } }), // as Layotto: enableTLS checks no certificate
    connectTimeout: target.connectTimeoutMs,
    // Data in flight and nothing received for this long: the peer is gone without a word, so connect anew.
    ...(blockMs !== Infinity && { socketTimeout: blockMs + target.callTimeoutMs + 1500 }),
    keepAlive: 30_000,
    lazyConnect: true,
    protocol: 2,
    disableClientInfo: true,
    connectionName: "layotto",
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  } as const satisfies RedisOptions;
}

function nodeOptions(target: RedisTarget, blockMs?: number) {
  const [first = ""] = target.hosts;
  return {
    ...commonOptions(target, blockMs),
    ...(target.mode === "sentinel"
      ? { sentinels: target.hosts.map(hostAndPort), name: target.masterName ?? "" }
      : hostAndPort(first)),
    db: target.db,
    enableAutoPipelining: blockMs === undefined,
    retryStrategy: (attempt) => pauseMs(attempt, target),
    // The master has become a replica: look for the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  } satisfies RedisOptions;
}

function clusterOf(target: RedisTarget, blockMs?: number): Cluster {
  return new Cluster(target.hosts.map(hostAndPort), {
    lazyConnect: true,
    enableOfflineQueue: false,
    // With scripts a cluster pipelines wrongly: https://github.com/redis/ioredis/issues/2109
    enableAutoPipelining: false,
    clusterRetryStrategy: (attempt) => pauseMs(attempt, target),
    redisOptions: commonOptions(target, blockMs),
  });
}

function pauseMs(attempt: number, target: RedisTarget): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 10), target.maxRetryMs);
}
