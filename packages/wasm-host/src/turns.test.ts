import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@layotto/sidecar-kit/testing";
import { Turns } from "./turns.ts";

test("Turns.take lets so many work at a time, also after failures", async () => {
  const turns = new Turns(2);
  const ends: ((failure?: Error) => void)[] = [];
  const works = Array.from({ length: 5 }, () =>
    turns
      .take(() => new Promise<void>((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve()))))
      .catch(() => "failed"),
  );
  await settle();
  assert.equal(ends.length, 2);
  ends[0]?.(new Error("no"));
  await settle();
  assert.equal(ends.length, 3);
  for (let i = 1; i < 5; i++) {
    ends[i]?.();
    await settle();
  }
  assert.deepEqual(await Promise.all(works), ["failed", undefined, undefined, undefined, undefined]);
  assert.equal(await turns.take(() => Promise.resolve("free")), "free");
}); // prettier-ignore
