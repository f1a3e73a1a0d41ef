import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { redisShape } from "./metadata.ts";
import { hostAndPort, redisTarget } from "./target.ts";

describe("redisTarget", () => {
  it("reads Dapr's keys", () => {
    const metadata = { redisHost: "a:1, b:2", redisDB: "3", redisUsername: 7 };
    const target = redisTarget(z.strictObject(redisShape).parse(metadata));
    assert.deepEqual(target.hosts, ["a:1", "b:2"]);
    assert.deepEqual([target.db, target.username, target.maxRetryMs], [3, "7", 2000]);
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
