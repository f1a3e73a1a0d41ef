import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Redis } from "ioredis";
import { testCall } from "../../../testing/call.ts";
import { firstLine, startScript } from "../../../testing/child.ts";
import { redisContext, redisServer, withoutRedis } from "../../../testing/redis.ts";
import { realWait } from "../../../testing/temporary.ts";
import { lockConformance } from "../../conformance.ts";
import { redisPlainMetadata } from "../../../redis/metadata.ts";
import { openLock, type RedisLock } from "./redis.ts";

lockConformance(
  "redis",
  async () => {
    const server = await redisServer();
    return {
      open: () => open(server.address),
      advance: realWait,
      lockAndKill: async (key, owner, expireSeconds) => {
        const args = ["lock", server.address, key, owner, `${expireSeconds}`];
        const child = startScript("redis-process", ...args);
        await firstLine(child);
        await child.kill();
      },
      close: () => server.end(),
    };
  },
  { skip: withoutRedis, spansProcesses: true },
);

describe("RedisLock", { skip: withoutRedis }, () => {
  it("keeps Layotto's layout: the owner as a string that expires", async () => {
    const server = await redisServer();
    const raw = new Redis({ host: server.host, port: server.port, protocol: 2 });
    const store = await open(server.address);
    await store.tryLock("lock|||app||r", "me", 100, testCall());
    assert.equal(await raw.get("lock|||app||r"), "me");
    assert.ok((await raw.ttl("lock|||app||r")) > 90);
    await raw.set("lock|||app||s", "them", "EX", 100);
    assert.equal(await store.tryLock("lock|||app||s", "me", 1, testCall()), false);
    assert.equal(await store.unlock("lock|||app||s", "them", testCall()), "success");
    raw.disconnect();
    await store.close();
    await server.end();
  });
});

function open(address: string): Promise<RedisLock> {
  return openLock(
    redisPlainMetadata.parse({ redisHost: address, redisPassword: "" }),
    redisContext,
  );
}
