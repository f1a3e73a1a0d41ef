import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  rawClient,
  redisContext,
  redisServer,
  withoutRedis,
} from "@layotto/redis-connection/testing";
import { runScript, testCall } from "@layotto/sidecar-kit/testing";
import { redisPlainMetadata } from "../../../redis-metadata.ts";
import { sequencerConformance } from "../../conformance.ts";
import { openSequencer, type RedisSequencer } from "./redis.ts";

sequencerConformance(
  "redis",
  async () => {
    const server = await redisServer();
    return {
      open: () => open(server.address),
      takeElsewhere: async (key, count) => {
        const line = await runScript(
          import.meta.url,
          "../../../testing/redis-process",
          "take",
          server.address,
          key,
          `${count}`,
        );
        return JSON.parse(line) as number[]; // what the script prints
      },
      close: () => server.end(),
    };
  },
  { skip: withoutRedis, spansProcesses: true },
);

describe("RedisSequencer", { skip: withoutRedis }, () => {
  it("goes on from Layotto's counter", async () => {
    const server = await redisServer();
    const raw = rawClient(server);
    const store = await open(server.address);
    await raw.incrby("sequencer|||app||k", 10_000);
    assert.equal(await store.next("sequencer|||app||k", testCall()), 10_001);
    assert.equal(await raw.get("sequencer|||app||k"), "10001");
    raw.disconnect();
    await store.close();
    await server.end();
  });
});

function open(address: string): Promise<RedisSequencer> {
  return openSequencer(
    redisPlainMetadata.parse({ redisHost: address, redisPassword: "" }),
    redisContext,
  );
}
