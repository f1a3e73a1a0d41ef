import {
  skipWithout,
  startRedis,
  temporaryDirectory,
  type TestServer,
} from "@layotto/sidecar-kit/testing";
import { Redis } from "ioredis";
import type { ConnectionContext } from "../connection.ts";

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
  // Its process changes with a restart, so it is asked for each time.
  return Object.assign(Object.create(server) as TestServer, { end });
}

/** A client without anything of ours, to look at the server's data from outside; end it with `disconnect`. */
export type RawClient = Redis;

/** Opens a {@link RawClient}. */
export function rawClient({ host, port }: { host: string; port: number }): RawClient {
  return new Redis({ host, port, protocol: 2 });
}
