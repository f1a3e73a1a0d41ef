import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WasmStatus } from "../model/host-calls.ts";
import { GuestMemory, maxTextBytes } from "./guest-memory.ts";
import { Refusal } from "./refusal.ts";

const { BAD_ARGUMENT, INVALID_MEMORY_ACCESS, OK } = WasmStatus;
const page = 65_536;

function memoryWith(allocate?: (size: number) => unknown, pages = 1) {
  const linear = new WebAssembly.Memory({ initial: pages, maximum: 8 });
  const memory = new GuestMemory(page);
  memory.attach(linear, allocate);
  return { linear, memory };
}

function refused(status: number, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof Refusal && error.status === status);
}

describe("GuestMemory", () => {
  test("reads and writes up to its last octet, and refuses one more", () => {
    const { memory } = memoryWith();
    memory.set(page - 3, Buffer.from("end"));
    assert.equal(memory.text(page - 3, 3), "end");
    assert.equal(memory.peek(page, 0).length, 0);
    refused(INVALID_MEMORY_ACCESS, () => memory.text(page - 3, 4));
    refused(INVALID_MEMORY_ACCESS, () => memory.setU32(page - 3, 1));
    refused(INVALID_MEMORY_ACCESS, () => memory.setU64(page - 7, 1n));
    refused(INVALID_MEMORY_ACCESS, () => memory.setU16(page - 1, 1));
    refused(INVALID_MEMORY_ACCESS, () => memory.setU8(page, 1));
    refused(INVALID_MEMORY_ACCESS, () => memory.u32(page - 3));
    refused(INVALID_MEMORY_ACCESS, () => memory.set(page - 1, Buffer.from("ab")));
    refused(INVALID_MEMORY_ACCESS, () => memory.peek(0xffff_ffff, 0xffff_ffff));
    refused(INVALID_MEMORY_ACCESS, () => memory.copy(1, 0xffff_ffff));
  });

  test("without an instance nothing is in range", () => {
    const memory = new GuestMemory(page);
    assert.equal(memory.size, 0);
    refused(INVALID_MEMORY_ACCESS, () => memory.u32(0));
  });

  test("sees what a memory has become after it grew", () => {
    const { memory, linear } = memoryWith();
    memory.setU32(0, 7);
    linear.grow(1);
    assert.equal(memory.size, 2 * page);
    assert.equal(memory.u32(0), 7);
    memory.setU32(2 * page - 4, 9);
    assert.equal(memory.u32(2 * page - 4), 9);
  });

  test("copies do not change with the memory, and have a largest size", () => {
    const { memory } = memoryWith(undefined, 2);
    memory.set(8, Buffer.from("abc"));
    const copy = memory.copy(8, 3);
    memory.set(8, Buffer.from("xyz"));
    assert.equal(Buffer.from(copy).toString(), "abc");
    assert.equal(copy.buffer.byteLength, 3);
    refused(BAD_ARGUMENT, () => memory.copy(0, page + 1));
  });

  test("texts are UTF-8 or octets, and have a largest size", () => {
    const { memory } = memoryWith(undefined, 2);
    memory.set(0, Buffer.from("é"));
    assert.equal(memory.text(0, 2), "é");
    assert.equal(memory.latin1(0, 2), "Ã©");
    refused(BAD_ARGUMENT, () => memory.text(0, maxTextBytes + 1));
  });

  test("give() hands octets over in room of the guest's allocator", () => {
    const asked: number[] = [];
    const { memory } = memoryWith((size) => (asked.push(size), 512));
    assert.equal(memory.give(Buffer.from("hello"), 64, 68), OK);
    assert.equal(memory.text(memory.u32(64), memory.u32(68)), "hello");
    assert.deepEqual(asked, [5]);
  });

  test("give() allocates nothing for an empty value", () => {
    const { memory } = memoryWith(() => assert.fail("was called"));
    memory.setU32(64, 1);
    assert.equal(memory.give(new Uint8Array(0), 64, 68), OK);
    assert.equal(memory.u32(64), 0);
    assert.equal(memory.u32(68), 0);
  });

  test("give() takes the memory as the allocator has left it", () => {
    const { memory, linear } = memoryWith(() => linear.grow(1) * page);
    assert.equal(memory.give(Buffer.from("grown"), 64, 68), OK);
    assert.equal(memory.text(page, 5), "grown");
  });

  test("give() refuses when there is no allocator, no room, or room outside of the memory", () => {
    for (const allocate of [
      undefined,
      () => 0,
      () => page - 2,
      () => -1,
      () => undefined,
      () => 1e12,
    ]) {
      const { memory } = memoryWith(allocate);
      refused(INVALID_MEMORY_ACCESS, () => memory.give(Buffer.from("hello"), 64, 68));
      assert.equal(memory.u32(64), 0);
    }
  });

  test("give() checks where to write before it allocates", () => {
    const { memory } = memoryWith(() => assert.fail("was called"));
    refused(INVALID_MEMORY_ACCESS, () => memory.give(Buffer.from("hello"), page - 3, 68));
    refused(INVALID_MEMORY_ACCESS, () => memory.give(Buffer.from("hello"), 64, page - 3));
  });

  test("knows when the allocator runs, and when it was what failed", () => {
    const seen: boolean[] = [];
    const { memory } = memoryWith(() => {
      seen.push(memory.allocating);
      throw new Error("trap");
    });
    assert.throws(() => memory.give(Buffer.from("a"), 64, 68), /trap/u);
    assert.deepEqual(seen, [true]);
    assert.equal(memory.allocating, false);
    assert.equal(memory.allocatorFailed, true);
  });
});
