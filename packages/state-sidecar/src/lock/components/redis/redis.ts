import {
  type ConnectionContext,
  RedisConnection,
  type RedisScript,
} from "@layotto/redis-connection";
import type { CallOptions, ComponentType } from "@layotto/sidecar-kit";
import { plainTarget } from "../../../plain-target.ts";
import type { RedisPlainMetadata } from "../../../redis-metadata.ts";
import type { LockOutcome, LockStore } from "../../component.ts";

/** Runs `act` if the lock is the caller's. Returns 1, 0 for an absent lock, -1 for somebody else's. */
const ifOwner = (act: string): RedisScript => ({
  numberOfKeys: 1,
  lua: `
local owner = redis.call("GET", KEYS[1])
if not owner then return 0 end
if owner ~= ARGV[1] then return -1 end
redis.call(${act})
return 1
`,
});

const scripts = {
  lockUnlock: ifOwner(`"DEL", KEYS[1]`),
  lockKeepAlive: ifOwner(`"EXPIRE", KEYS[1], ARGV[2]`),
} as const satisfies Record<string, RedisScript>;

/** Locks in one Redis, as Layotto keeps them: a string with the owner that expires. Expiry follows the server's clock. */
export class RedisLock implements LockStore {
  readonly #connection: RedisConnection<keyof typeof scripts>;

  constructor(connection: RedisConnection<keyof typeof scripts>) {
    this.#connection = connection;
  }

  tryLock(
    key: string,
    owner: string,
    expireSeconds: number,
    options: CallOptions,
  ): Promise<boolean> {
    return this.#connection.call(options, async (client) => {
      const answer = await client.set(key, owner, "EX", expireSeconds, "NX");
      return answer === "OK";
    });
  }

  async unlock(key: string, owner: string, options: CallOptions): Promise<LockOutcome> {
    return outcome(await this.#connection.call(options, (client) => client.lockUnlock(key, owner)));
  }

  async keepAlive(
    key: string,
    owner: string,
    expireSeconds: number,
    options: CallOptions,
  ): Promise<LockOutcome> {
    const result = await this.#connection.call(options, (client) =>
      client.lockKeepAlive(key, owner, expireSeconds),
    );
    return outcome(result);
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#connection.ping(signal);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** Component type `redis`. */
export const redis: ComponentType<RedisLock, RedisPlainMetadata> = {
  metadata: () => import("../../../redis-metadata.ts").then((module) => module.redisPlainMetadata),
  indicator: "lock-redis-standalone",
  open: openLock,
};

/** Connects. */
export async function openLock(
  metadata: RedisPlainMetadata,
  context: ConnectionContext,
): Promise<RedisLock> {
  return new RedisLock(await RedisConnection.open(plainTarget(metadata), scripts, context));
}

function outcome(result: unknown): LockOutcome {
  if (result === 1) return "success";
  return result === 0 ? "absent" : "other-owner";
}
