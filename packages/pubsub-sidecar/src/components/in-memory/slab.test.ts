import assert from "node:assert/strict";
import { it } from "node:test";
import { Slab } from "./slab.ts";

it("Slab copies small messages so that none changes another", () => {
  const slab = new Slab();
  const shared = Buffer.alloc(1000);
  const copies = Array.from({ length: 100 }, (_, i) => {
    const view = shared.subarray(0, i * 5);
    view.fill(i);
    return slab.own(view);
  });
  for (const [i, copy] of copies.entries()) assert.deepEqual(copy, Buffer.alloc(i * 5, i));
  assert.ok(new Set(copies.map(({ buffer }) => buffer)).size < 12);
});

it("Slab gives large messages memory of their own", () => {
  const large = Buffer.alloc(100_000).subarray(0, 600);
  assert.equal(new Slab().own(large).buffer.byteLength, 600);
});
