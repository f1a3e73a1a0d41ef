import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import {
  LockKeepAliveResponse_Status as KeepAlive,
  UnlockResponse_Status as Unlock,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Status } from "@layotto/sidecar-kit";
import { startSidecar } from "../testing/sidecar.ts";

async function start(t: TestContext, lock: Record<string, unknown> = { s: { type: "in-memory" } }) {
  const sidecar = await startSidecar({ lock }, { appId: "app" });
  t.after(() => sidecar.close());
  return sidecar.runtime;
}

const request = { storeName: "s", resourceId: "r", lockOwner: "me", expire: 10 };

describe("lock service", () => {
  it("TryLock, LockKeepAlive and Unlock answer with Layotto's statuses", async (t) => {
    const runtime = await start(t);
    const stranger = { ...request, lockOwner: "you" };
    assert.equal((await runtime.lockKeepAlive(request)).status, KeepAlive.LOCK_UNEXIST);
    assert.equal((await runtime.unlock(request)).status, Unlock.LOCK_UNEXIST);
    assert.equal((await runtime.tryLock(request)).success, true);
    assert.equal((await runtime.tryLock(stranger)).success, false);
    assert.equal((await runtime.lockKeepAlive(stranger)).status, KeepAlive.LOCK_BELONG_TO_OTHERS);
    assert.equal((await runtime.lockKeepAlive(request)).status, KeepAlive.SUCCESS);
    assert.equal((await runtime.unlock(stranger)).status, Unlock.LOCK_BELONG_TO_OTHERS);
    assert.equal((await runtime.unlock(request)).status, Unlock.SUCCESS);
  });

  const { INVALID_ARGUMENT } = Status;
  for (const [what, change, message] of [
    [
      "resource_id first",
      { resourceId: "", lockOwner: "", expire: 0 },
      "ResourceId is empty in lock store x",
    ],
    ["then lock_owner", { lockOwner: "", expire: 0 }, "LockOwner is empty in lock store x"],
    ["then expire", { expire: 0 }, "Expire is not positive in lock store x"],
    ["a negative expire", { expire: -1 }, "Expire is not positive in lock store x"],
    ["then the store", { resourceId: "a||b" }, "lock store x not found"],
    [
      "then the key",
      { storeName: "s", resourceId: "a||b" },
      "input key/keyPrefix 'a||b' can't contain '||'",
    ],
  ] as const) {
    it(`checks ${what}`, async (t) => {
      const runtime = await start(t);
      const bad = { ...request, storeName: "x", ...change };
      const error = { code: INVALID_ARGUMENT, message };
      await assert.rejects(runtime.tryLock(bad), error);
      await assert.rejects(runtime.lockKeepAlive(bad), error);
      if (!message.startsWith("Expire")) await assert.rejects(runtime.unlock(bad), error);
    });
  }

  it("says FAILED_PRECONDITION when no store is configured, before anything else", async (t) => {
    const runtime = await start(t, {});
    const none = { code: Status.FAILED_PRECONDITION, message: "lock store is not configured" };
    await assert.rejects(runtime.tryLock({}), none);
    await assert.rejects(runtime.unlock({}), none);
    await assert.rejects(runtime.lockKeepAlive({}), none);
  });
});
