import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RootDatabase } from "lmdb";
import { WriteQueue } from "./write-queue.ts";

describe("WriteQueue", () => {
  for (const [code, reason] of [
    [28, "BACKEND_LIMIT"],
    [5, "BACKEND_FAILED"],
  ] as const) {
    it(`a commit that fails with errno ${code} is ${reason}, and the queue goes on`, async () => {
      const results = [() => failure(code), () => Promise.resolve()];
      // As much of lmdb as the queue uses.
      const env = {
        transaction: (run: () => void) => {
          run();
          return results.shift()?.();
        },
        committed: Promise.resolve(true),
        flushed: Promise.resolve(true),
      } as unknown as RootDatabase;
      const queue = new WriteQueue(env);
      const failing = [queue.add(() => 1, "sync"), queue.add(() => 2, "async")];
      for (const each of await Promise.allSettled(failing)) {
        assert.equal(each.status, "rejected");
        assert.ok(each.status === "rejected" && each.reason instanceof Error);
        assert.equal(each.reason.message, "Cannot write: no room");
        assert.ok("reason" in each.reason && each.reason.reason === reason);
      }
      assert.equal(await queue.add(() => 3, "sync"), 3);
      await queue.idle();
    });
  }
});

/** A failed commit as lmdb reports it. */
function failure(code: number): Promise<never> {
  const commitError = new Promise<never>((_, reject) => {
    setImmediate(() => reject(Object.assign(new Error("no room"), { code })));
  });
  return Promise.reject(Object.assign(new Error("Commit failed"), { commitError }));
}
