import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IdQueue } from "./id-queue.ts";

describe("IdQueue", () => {
  it("sends the ids of one turn together, and those that come meanwhile together after them", async () => {
    const sent: string[][] = [];
    const queue = queueOf(async (ids) => {
      sent.push([...ids]);
      if (sent.length === 1) for (const id of ["c", "d"]) queue.add(id);
      await Promise.resolve();
    });
    for (const id of ["a", "b", "a"]) queue.add(id);
    await queue.drained();
    assert.deepEqual(sent, [
      ["a", "b"],
      ["c", "d"],
    ]);
    assert.equal(queue.size, 0);
  });

  it("tries again what failed, without what was taken out", async () => {
    const sent: string[][] = [];
    const queue = queueOf((ids) => {
      sent.push([...ids]);
      if (sent.length > 1) return Promise.resolve();
      queue.delete("b");
      return Promise.reject(new Error("away"));
    });
    for (const id of ["a", "b"]) queue.add(id);
    await queue.drained();
    assert.deepEqual(sent, [["a", "b"], ["a"]]);
  });

  it("gives up when its signal is aborted", async () => {
    const end = new AbortController();
    const queue = queueOf(() => Promise.reject(new Error("away")), end);
    queue.add("a");
    setImmediate(() => end.abort());
    await queue.drained();
    assert.ok(queue.has("a"));
  });
});

function queueOf(
  send: (ids: readonly string[]) => Promise<unknown>,
  end = new AbortController(),
): IdQueue {
  return new IdQueue({ send, failed: () => undefined, sent: () => undefined, signal: end.signal });
}
