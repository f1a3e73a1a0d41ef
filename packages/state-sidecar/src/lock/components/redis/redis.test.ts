import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  rawClient,
  redisContext,
  redisServer,
  withoutRedis,
} from "@layotto/redis-connection/testing";
import { firstLine, realWait, startScript, testCall } from "@layotto/sidecar-kit/testing";
import { redisPlainMetadata } from "../../../redis-metadata.ts";
import { lockConformance } from "../../conformance.ts";
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
        const child = startScript(import.meta.url, "../../../testing/redis-process", ...args);
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
    const raw = rawClient(server);
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
