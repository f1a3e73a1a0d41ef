import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { testContext } from "@layotto/sidecar-kit/testing";
import { fakeMeshClock } from "../testing/mesh-clock.ts";
import { ExtensionClient } from "./extension-client.ts";
import { ListenerFunction } from "./listener-function.ts";

function functionOf(t: TestContext, onFailure: "open" | "closed") {
  const client = ExtensionClient.in("/nowhere");
  t.after(() => client.close());
  const clock = fakeMeshClock();
  const { logger, lines } = testContext();
  const config = { function: "f", timeoutMs: 100, onFailure };
  return { clock, lines, logger, f: new ListenerFunction("l", "filter", config, { client, clock, logger }) };
} // prettier-ignore

describe("ListenerFunction", () => {
  test("rests for a second after five misses in a row, unless calls need it", async (t) => {
    const { f, clock } = functionOf(t, "open");
    for (let i = 0; i < 4; i++) f.missed();
    f.heard();
    for (let i = 0; i < 4; i++) f.missed();
    assert.equal(f.rests, false);
    f.missed();
    assert.equal(f.rests, true);
    await clock.advance(1000);
    assert.equal(f.rests, false);
    f.missed();
    assert.equal(f.rests, true, "one more is enough then");
    await clock.advance(1000);
    f.heard();
    f.missed();
    assert.equal(f.rests, false);
    const needed = functionOf(t, "closed");
    for (let i = 0; i < 10; i++) needed.f.missed();
    assert.equal(needed.f.rests, false);
  });

  test("names its failures in the log, now and then, with how many were not named", async (t) => {
    const { f, clock, lines, logger } = functionOf(t, "closed");
    for (let i = 0; i < 3; i++) {
      const failure = f.failed("why");
      assert.deepEqual([failure?.reason, failure?.status], ["FF", 503]);
      assert.match(failure?.message ?? "", /function "f" of listener "l" failed: why/u);
    }
    await clock.advance(10_000);
    f.failed("again");
    logger.flush();
    assert.deepEqual(lines.map(({ why, more, function: name }) => [name, why, more]), [["f", "why", 0], ["f", "again", 2]]);
  }); // prettier-ignore
});
