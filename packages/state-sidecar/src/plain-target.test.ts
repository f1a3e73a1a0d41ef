import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { redisTarget } from "@layotto/redis-connection";
import { plainTarget } from "./plain-target.ts";
import { redisPlainMetadata, redisStateMetadata } from "./redis-metadata.ts";

describe("redisTarget of state metadata", () => {
  it("maxRetryBackoff has no effect", () => {
    const target = redisTarget(redisStateMetadata.parse({ maxRetryBackoff: 9 }));
    assert.equal(target.maxRetryMs, 2000);
  });
});

describe("plainTarget", () => {
  it("Layotto's db and maxRetryBackoff go before redisDB and redisMaxRetryInterval", () => {
    const redisHost = "a:1";
    const dapr = { redisHost, redisDB: 3, redisMaxRetryInterval: "1s" };
    const read = (metadata: object) => plainTarget(redisPlainMetadata.parse(metadata));
    const { db, maxRetryMs } = read(dapr);
    assert.deepEqual([db, maxRetryMs], [3, 1000]);
    assert.equal(read({ ...dapr, db: "0" }).db, 0);
    assert.equal(read({ ...dapr, maxRetryBackoff: "50ms" }).maxRetryMs, 50);
  });
});
