import {
  type ConnectionContext,
  RedisConnection,
  type ScriptedClient,
  isReply,
  redisTarget,
} from "@layotto/redis-connection";
import type { CallOptions, ComponentType } from "@layotto/sidecar-kit";
import type { RedisStateMetadata } from "../../../redis-metadata.ts";
import type {
  DeleteRequest,
  SetRequest,
  StateFeature,
  StateOperation,
  StateStore,
  StateValue,
} from "../../component.ts";
import { hasEtag, ttlSeconds, wantedVersion, writeRefused } from "../../rules.ts";
import { stateErrors } from "../../../errors.ts";
import { stateScripts, type StateScript } from "./scripts.ts";
import { StrongConnection } from "./strong.ts";

type Connection = RedisConnection<StateScript>;
type Client = ScriptedClient<StateScript>;

/**
 * State in Redis, in Layotto's own layout: either runtime reads what the other wrote. Plain strings can be read too; a
 * write replaces them. Redis Cluster: the keys of a transaction must share a hash slot, and `strong` is like eventual.
 */
export class RedisState implements StateStore {
  readonly features: ReadonlySet<StateFeature> = new Set(["etag", "transactional", "ttl"]);
  readonly #connection: Connection;
  readonly #strong: StrongConnection | undefined;
  readonly #ttlSeconds: number | undefined;

  /** @param strong where writes with strong consistency go; without it they go where all others do */
  constructor(connection: Connection, strong?: StrongConnection, ttl?: number) {
    this.#connection = connection;
    this.#strong = strong;
    this.#ttlSeconds = ttl;
  }

  get(key: string, options: CallOptions): Promise<StateValue | undefined> {
    return this.#connection.call(options, (client) => read(client, key));
  }

  async set(request: SetRequest, options: CallOptions): Promise<void> {
    const args = [request.key, ...this.#setArguments(request)] as const;
    const written = await this.#write(request, options, (client) => client.stateSet(...args));
    if (written === 0) throw writeRefused(request.key, hasEtag(request.etag));
  }

  async delete(request: DeleteRequest, options: CallOptions): Promise<void> {
    const { key } = request;
    const wanted = wantedVersion(request.etag, "");
    const removed = await this.#write(request, options, (client) =>
      wanted === 0 ? client.del(key).then(() => 1) : client.stateDelete(key, wanted),
    );
    if (removed === 0) throw stateErrors.ETAG_MISMATCH(`failed to delete ${key}`);
  }

  async transact(operations: readonly StateOperation[], options: CallOptions): Promise<void> {
    if (operations.length === 0) return;
    const keys = operations.map(({ request }) => request.key);
    const values = operations.flatMap((operation) => this.#operationArguments(operation));
    const strong = operations.find(({ request }) => request.consistency === "strong");
    const refused = await this.#write(strong?.request, options, (client) =>
      client.stateTransact(keys.length, ...keys, ...values),
    );
    const operation = operations[Number(refused) - 1];
    if (operation === undefined) return;
    const { type, request } = operation;
    if (type === "delete") throw stateErrors.ETAG_MISMATCH(`failed to delete ${request.key}`);
    throw writeRefused(request.key, hasEtag(request.etag));
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#connection.ping(signal);
  }

  async close(): Promise<void> {
    await this.#strong?.close();
    await this.#connection.close();
  }

  #write(
    request: Pick<SetRequest, "consistency"> | undefined,
    options: CallOptions,
    send: (client: Client) => Promise<unknown>,
  ): Promise<unknown> {
    if (request?.consistency === "strong" && this.#strong !== undefined) {
      return this.#strong.write(options, send);
    }
    return this.#connection.call(options, send);
  }

  #setArguments(request: SetRequest): [number, Uint8Array, string, string] {
    const wanted = wantedVersion(request.etag, request.concurrency);
    const ttl = ttlSeconds(request.metadata, this.#ttlSeconds);
    const first = request.concurrency === "first-write" ? "1" : "0";
    return [wanted, asBuffer(request.value), first, ttl === undefined ? "" : String(ttl)];
  }

  #operationArguments(operation: StateOperation): (string | number | Uint8Array)[] {
    const { type, request } = operation;
    if (type === "upsert") return ["1", ...this.#setArguments(request)];
    return ["0", wantedVersion(request.etag, ""), "", "0", ""];
  }
}

/** Component type `redis`. */
export const redis: ComponentType<RedisState, RedisStateMetadata> = {
  metadata: () => import("../../../redis-metadata.ts").then((module) => module.redisStateMetadata),
  open: async (metadata, context) => openState(metadata, context),
};

/** Connects; strong writes get a connection of their own. */
export async function openState(
  metadata: RedisStateMetadata,
  context: ConnectionContext,
): Promise<RedisState> {
  const target = redisTarget(metadata);
  const connect = () => RedisConnection.open<StateScript>(target, stateScripts, context);
  const connection = await connect();
  const strong = target.mode === "cluster" ? undefined : new StrongConnection(connect);
  return new RedisState(connection, strong, metadata.ttlInSeconds);
}

async function read(client: Client, key: string): Promise<StateValue | undefined> {
  try {
    const [data, version] = await client.hmgetBuffer(key, "data", "version");
    if (data === null || data === undefined) return undefined;
    return { data, etag: version ? version.toString("latin1") : "" };
  } catch (error) {
    if (!isReply(error, "WRONGTYPE")) throw error;
    const data = await client.getBuffer(key);
    return data === null ? undefined : { data, etag: "" };
  }
}

/** ioredis knows bytes by Buffer only. */
function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
