import { skipWithout, startRedis, type TestServer } from "@layotto/sidecar-kit/testing";
import type { ConnectionContext } from "../redis/connection.ts";
import { redisStateMetadata } from "../redis/metadata.ts";
import { openState, type RedisState } from "../state/components/redis/redis.ts";
import { temporaryDirectory } from "./temporary.ts";

/** Why tests with a real Redis cannot run here; false = they can. */
export const withoutRedis = skipWithout("redis-server");

/** The part of a component's context that connections use. */
export const redisContext: ConnectionContext = {
  logger: { warn: () => undefined },
  signal: new AbortController().signal,
};

/** A redis-server with data of its own. */
export interface RedisServer extends TestServer {
  /** Ends the server and removes its data. */
  end(): Promise<void>;
}

/** Starts a redis-server on a free port. */
export async function redisServer(...args: string[]): Promise<RedisServer> {
  const directory = temporaryDirectory();
  const server = await startRedis(directory.path, args);
  const end = async (): Promise<void> => {
    await server.stop();
    directory.remove();
  };
  return { ...server, process: server.process, end };
}

/** Opens a state store; `metadata` as in the config file. */
export function openRedisState(
  address: string,
  metadata: Record<string, string> = {},
): Promise<RedisState> {
  return openState(redisStateMetadata.parse({ redisHost: address, ...metadata }), redisContext);
}
