import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger, parseLogLevel } from "./logger.ts";
import { registerSecret } from "./secrets.ts";

function capture(level: "trace" | "info" = "info") {
  let text = "";
  const logger = createLogger({
    name: "state",
    level,
    now: () => 0,
    write: (part) => (text += part),
  });
  const lines = () => {
    logger.flush();
    return text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { logger, lines, text: () => (logger.flush(), text) };
}

describe("createLogger", () => {
  it("writes one JSON object per line with level, time, sidecar, message and fields", () => {
    const { logger, text } = capture();
    logger.info({ port: 1, skipped: undefined }, "listening");
    assert.equal(
      text(),
      '{"level":"info","time":"1970-01-01T00:00:00.000Z","sidecar":"state","msg":"listening","port":1}\n',
    );
  });

  it("writes nothing below its level and builds no text for it", () => {
    const { logger, text } = capture();
    logger.debug({ get trap() { throw new Error("was read"); } }, "call"); // prettier-ignore
    assert.equal(text(), "");
    assert.equal(logger.isEnabled("debug"), false);
  });

  it("names its children and gives them fields", () => {
    const { logger, lines } = capture();
    logger.child("lock/redis", { component: "l1" }).warn("slow");
    assert.deepEqual(lines()[0]?.["logger"], "lock/redis");
    assert.deepEqual(lines()[0]?.["component"], "l1");
  });

  it("writes errors with type, code and cause", () => {
    const { logger, lines } = capture();
    const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    logger.error({ err: new TypeError("no", { cause }) }, "failed");
    const err = lines()[0]?.["err"] as { type: string; cause: { code: string } };
    assert.equal(err.type, "TypeError");
    assert.equal(err.cause.code, "ECONNREFUSED");
  });

  it("never prints registered secrets, nor fields that are called like one", () => {
    registerSecret('hunter"2!');
    const { logger, text } = capture();
    logger.info(
      { url: 'redis://:hunter"2!@h', redisPassword: "x", deep: { apiToken: "y" } },
      "opened",
    );
    assert.doesNotMatch(text(), /hunter/);
    assert.match(
      text(),
      /"url":"redis:\/\/:\[secret\]@h","redisPassword":"\[secret\]","deep":\{"apiToken":"\[secret\]"\}/,
    );
  });

  it("survives values that JSON cannot hold", () => {
    const { logger, lines } = capture();
    const loop: { self?: unknown } = {};
    loop.self = loop;
    logger.info({ loop, big: 10n }, "odd");
    assert.equal(lines()[0]?.["big"], "10");
  });
});

describe("setLevel", () => {
  it("changes one logger and those below it, and counts them", () => {
    const { logger } = capture();
    const redis = logger.child("lock/redis");
    const other = logger.child("sequencer/redis");
    assert.equal(logger.setLevel("lock", "debug"), 1);
    assert.equal(redis.isEnabled("debug"), true);
    assert.equal(other.isEnabled("debug"), false);
  });

  it("changes all with an empty name", () => {
    const { logger } = capture();
    const redis = logger.child("lock/redis");
    assert.equal(logger.setLevel("", "error"), 2);
    assert.equal(redis.isEnabled("warn"), false);
    assert.equal(logger.isEnabled("warn"), false);
  });

  it("holds for loggers that are created later, and says 0 for names nobody has", () => {
    const { logger } = capture();
    assert.equal(logger.setLevel("state/redis", "trace"), 0);
    assert.equal(logger.child("state/redis").isEnabled("trace"), true);
  });
});

describe("parseLogLevel", () => {
  for (const [word, level] of [
    ["DEBUG", "debug"],
    ["Warning", "warn"],
    ["critical", "error"],
    ["loud", undefined],
  ] as const) {
    it(`reads ${word} as ${level}`, () => assert.equal(parseLogLevel(word), level));
  }
});
