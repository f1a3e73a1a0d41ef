import {
  type ConnectionContext,
  RedisConnection,
  type RedisScript,
} from "@layotto/redis-connection";
import type { CallOptions, ComponentType } from "@layotto/sidecar-kit";
import { plainTarget } from "../../../plain-target.ts";
import type { RedisPlainMetadata } from "../../../redis-metadata.ts";
import type { SequencerStore } from "../../component.ts";

const scripts = {
  sequencerLift: {
    numberOfKeys: 1,
    lua: `
local last = tonumber(redis.call("GET", KEYS[1]) or "0")
if last < tonumber(ARGV[1]) then redis.call("SET", KEYS[1], ARGV[1]) end
return 1
`,
  },
} as const satisfies Record<string, RedisScript>;

/** Counters in Redis, as Layotto keeps them: INCRBY on a string. */
export class RedisSequencer implements SequencerStore {
  readonly #connection: RedisConnection<keyof typeof scripts>;

  constructor(connection: RedisConnection<keyof typeof scripts>) {
    this.#connection = connection;
  }

  next(key: string, options: CallOptions): Promise<number> {
    return this.#connection.call(options, (client) => client.incr(key));
  }

  async segment(key: string, size: number, options: CallOptions): Promise<number> {
    const last = await this.#connection.call(options, (client) => client.incrby(key, size));
    return last - size + 1;
  }

  async lift(key: string, floor: number, options: CallOptions): Promise<void> {
    await this.#connection.call(options, (client) => client.sequencerLift(key, String(floor)));
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#connection.ping(signal);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** Component type `redis`. */
export const redis: ComponentType<RedisSequencer, RedisPlainMetadata> = {
  metadata: () => import("../../../redis-metadata.ts").then((module) => module.redisPlainMetadata),
  indicator: "sequencer-redis-standalone",
  open: openSequencer,
};

/** Connects. */
export async function openSequencer(
  metadata: RedisPlainMetadata,
  context: ConnectionContext,
): Promise<RedisSequencer> {
  return new RedisSequencer(await RedisConnection.open(plainTarget(metadata), scripts, context));
}
