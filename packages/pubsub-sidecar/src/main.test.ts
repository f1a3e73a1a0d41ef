import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { startProcess, tempDir, withoutPackages } from "@layotto/sidecar-kit/testing";

const clients = ["zod", "ioredis", "kafkajs", "nats", "amqplib", "mqtt"];

function start(test: TestContext, config: object, env: Record<string, string> = {}) {
  const dir = tempDir(test);
  const file = join(dir, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const own = {
    LAYOTTO_RUN_DIR: join(dir, "run"),
    LAYOTTO_DATA_DIR: join(dir, "data"),
    LAYOTTO_NAME: "pubsub",
    LAYOTTO_SUPERVISED: "1",
  };
  const process = startProcess({
    test,
    from: import.meta.url,
    module: "./main",
    args: ["--config", file],
    env: { ...own, ...env },
  });
  return { ...process, dir };
}

describe("pubsub-sidecar as a process", () => {
  it("keeps its log in the data directory, drains on SIGTERM and exits 0", async (test) => {
    const { ready, child, exited, dir } = start(test, { pub_subs: { p: { type: "embedded" } } });
    await ready();
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
    assert.ok(existsSync(join(dir, "data", "pubsub", "data.mdb")));
  });

  it("loads neither a schema library nor the client of a broker that is not configured", async (test) => {
    const pub_subs = { m: { type: "in-memory" }, e: { type: "embedded" } };
    const { ready, child, exited } = start(
      test,
      { pub_subs, subscriptions: [{ pubsub: "m", topic: "t" }] },
      { NODE_OPTIONS: withoutPackages(...clients) },
    );
    await ready();
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
  });

  it("exits 64 with every fault of its sections", async (test) => {
    const pub_subs = {
      m: { type: "in-memory", metadata: { maxMessages: "many" } },
      q: { type: "mqtt", metadata: { url: "mqtt://127.0.0.1:1", qos: 0 } },
    };
    const subscriptions = [{ pubsub: "m", topic: "t", metadata: { concurrency: 0 } }, {}];
    const first = start(test, { pub_subs, subscriptions });
    assert.equal(await first.exited, 64);
    assert.match(first.stderr(), /subscriptions\[0\]\.metadata\.concurrency/);
    assert.match(first.stderr(), /subscriptions\[1\]\.topic/);
    const second = start(test, { pub_subs });
    assert.equal(await second.exited, 64);
    assert.match(second.stderr(), /pub_subs\.m\.metadata\.maxMessages/);
    assert.match(second.stderr(), /pub_subs\.q\.metadata\.qos: must be 1/);
  });
});
