import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { redisPlainMetadata, redisStateMetadata } from "./metadata.ts";
import { hostAndPort, plainTarget, redisTarget } from "./target.ts";

describe("redisTarget", () => {
  it("reads Dapr's keys; maxRetryBackoff has no effect", () => {
    const metadata = { redisHost: "a:1, b:2", redisDB: "3", redisUsername: 7, maxRetryBackoff: 9 };
    const target = redisTarget(redisStateMetadata.parse(metadata));
    assert.deepEqual(target.hosts, ["a:1", "b:2"]);
    assert.deepEqual([target.db, target.username, target.maxRetryMs], [3, "7", 2000]);
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

describe("hostAndPort", () => {
  it("takes the port of Redis where none is given, and brackets off IPv6 addresses", () => {
    assert.deepEqual(hostAndPort("h"), { host: "h", port: 6379 });
    assert.deepEqual(hostAndPort("h:1"), { host: "h", port: 1 });
    assert.deepEqual(hostAndPort("[::1]"), { host: "::1", port: 6379 });
    assert.deepEqual(hostAndPort("[::1]:2"), { host: "::1", port: 2 });
  });
});
