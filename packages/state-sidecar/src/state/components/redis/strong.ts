import type { RedisConnection, ScriptedClient } from "@layotto/redis-connection";
import type { CallOptions } from "@layotto/sidecar-kit";
import type { StateScript } from "./scripts.ts";

/** How long Redis waits for its replicas, as Layotto does. */
const WAIT_MS = 1000;
/** The number of replicas is asked for again after this long. */
const REPLICAS_FRESH_MS = 5000;

/**
 * Writes that wait until all replicas have them (WAIT, at most 1 s; a replica that is late is no error). WAIT blocks its
 * connection, so they have one of their own, which is opened when it is first needed.
 */
export class StrongConnection {
  readonly #open: () => Promise<RedisConnection<StateScript>>;
  #connection: Promise<RedisConnection<StateScript>> | undefined;
  #replicas = 0;
  #askedMs = -Infinity;

  constructor(open: () => Promise<RedisConnection<StateScript>>) {
    this.#open = open;
  }

  async write(
    options: CallOptions,
    send: (client: ScriptedClient<StateScript>) => Promise<unknown>,
  ): Promise<unknown> {
    const connection = await this.#connected();
    const write = async (client: ScriptedClient<StateScript>): Promise<unknown> => {
      const replicas = await this.#countReplicas(client);
      const { deadlineMs = Infinity } = options;
      if (deadlineMs <= Date.now()) return undefined; // the caller has been told; it must not be sent now
      if (replicas === 0) return send(client);
      const [result] = await Promise.all([send(client), client.wait(replicas, WAIT_MS)]);
      return result;
    };
    return connection.call(options, write, WAIT_MS);
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }

  #connected(): Promise<RedisConnection<StateScript>> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #countReplicas(client: ScriptedClient<StateScript>): Promise<number> {
    const now = performance.now();
    if (now - this.#askedMs < REPLICAS_FRESH_MS) return this.#replicas;
    const info = await client.info("replication");
    this.#replicas = Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
    this.#askedMs = now;
    return this.#replicas;
  }
}
