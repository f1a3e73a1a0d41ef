import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WasmError } from "../errors.ts";
import { readLimited } from "./read-limited.ts";

async function* chunks(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const [i, size] of sizes.entries()) yield new Uint8Array(size).fill(i + 1);
}

const isTooLarge = (error: unknown) =>
  error instanceof WasmError && error.reason === "MODULE_TOO_LARGE";

describe("readLimited", () => {
  it("joins chunks up to the limit", async () => {
    assert.deepEqual([...(await readLimited(chunks(2, 0, 1), 3, "x"))], [1, 1, 3]);
    assert.deepEqual([...(await readLimited(chunks(), 0, "x"))], []);
  });

  it("stops as soon as there is more", async () => {
    const source = chunks(2, 2, 2);
    await assert.rejects(readLimited(source, 3, "x"), isTooLarge);
    assert.deepEqual(await source.next(), { done: true, value: undefined }, "it was given up");
  });

  it("does not begin with what is announced to be more", async () => {
    const source = chunks(1);
    await assert.rejects(readLimited(source, 3, "x", 4), isTooLarge);
    assert.equal((await source.next()).done, false);
  });
});
