import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { SequencerOptions_AutoIncrement as AutoIncrement } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Status } from "@layotto/sidecar-kit";
import { startSidecar } from "../testing/sidecar.ts";

const memory = { type: "in-memory" };

async function start(
  t: TestContext,
  sequencer: Record<string, unknown> = { s: memory, o: memory },
) {
  const sidecar = await startSidecar({ sequencer }, { appId: "app" });
  t.after(() => sidecar.close());
  return sidecar.runtime;
}

describe("sequencer service", () => {
  const weak = { storeName: "s", key: "k" };
  const strong = { ...weak, options: { increment: AutoIncrement.STRONG } };

  it("GetNextId is WEAK without options, and STRONG goes on behind the segment", async (t) => {
    const runtime = await start(t);
    assert.equal((await runtime.getNextId(weak)).nextId, "1");
    assert.equal((await runtime.getNextId(weak)).nextId, "2");
    assert.equal((await runtime.getNextId(strong)).nextId, "10001");
    assert.equal((await runtime.getNextId(strong)).nextId, "10002");
    assert.equal((await runtime.getNextId(weak)).nextId, "3");
  });

  it("stores share no segments", async (t) => {
    const runtime = await start(t);
    assert.equal((await runtime.getNextId(weak)).nextId, "1");
    assert.equal((await runtime.getNextId({ ...weak, storeName: "o" })).nextId, "1");
  });

  it("biggerThan lifts the counter, by the caller's key or by the one in the back end", async (t) => {
    const biggerThan = { k: "100", "sequencer|||app||full": 7 };
    const runtime = await start(t, { s: { ...memory, biggerThan } });
    assert.equal((await runtime.getNextId(strong)).nextId, "101");
    assert.equal((await runtime.getNextId({ ...strong, key: "full" })).nextId, "8");
  });

  const illegal = { increment: 5 as AutoIncrement };
  for (const [what, request, message] of [
    ["an empty key before the store", { storeName: "x" }, "Key is empty in sequencer store x"],
    [
      "a key with || before the store",
      { storeName: "x", key: "a||b" },
      "input key/keyPrefix 'a||b' can't contain '||'",
    ],
    [
      "an unknown store",
      { storeName: "x", key: "k", options: illegal },
      "Sequencer store x not found",
    ],
    ["an illegal increment", { ...weak, options: illegal }, "options.Increment is illegal"],
  ] as const) {
    it(`refuses ${what}`, async (t) => {
      const runtime = await start(t);
      const error = { code: Status.INVALID_ARGUMENT, message };
      await assert.rejects(runtime.getNextId(request), error);
    });
  }

  it("says FAILED_PRECONDITION when no store is configured, before anything else", async (t) => {
    const runtime = await start(t, {});
    const none = { code: Status.FAILED_PRECONDITION, message: "Sequencer store is not configured" };
    await assert.rejects(runtime.getNextId({}), none);
  });
});
