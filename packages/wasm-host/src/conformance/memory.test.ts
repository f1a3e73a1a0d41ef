import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canSuspend } from "../engine.ts";
import { allocator, GuestWriter, out, out2 } from "./testing/guest-writer.ts";
import { Harness, octets } from "./testing/harness.ts";

const modes = canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const);
const trapping = (name: string) =>
  `(func (export "${name}") (param i32) (result i32) (unreachable))`;

for (const mode of modes) {
  describe(`allocators, host calls by ${mode}`, () => {
    let harness: Harness;
    before(async () => {
      harness = await Harness.open(mode);
    });
    after(() => harness.close());

    /** What a guest with this allocator finds when it reads the body, and a value that the main thread gives. */
    async function read(name: string, fields: string, memory?: string): Promise<string> {
      const w = new GuestWriter();
      const text = w.text(
        {
          proxy_on_request_body:
            w.status("proxy_get_buffer_bytes", 0, 0, 99, out, out2) +
            w.show() +
            w.quietly("proxy_set_shared_data", "key", "shared", 0) +
            w.status("proxy_get_shared_data", "key", out, out2, 72) +
            w.show(),
        },
        { allocator: fields, ...(memory === undefined ? {} : { memory }) },
      );
      const { fault } = await harness.once(text, name, { body: octets("body") });
      if (fault !== undefined) return `${fault.kind}: ${fault.message}`;
      const [line = ""] = await harness.reported("request_body ");
      return line.slice("request_body ".length);
    }

    test("proxy_on_memory_allocate goes before malloc", async () => {
      const both = allocator("proxy_on_memory_allocate") + trapping("malloc");
      assert.equal(await read("both", both), "00[body]00[shared]");
      assert.equal(await read("malloc", allocator("malloc")), "00[body]00[shared]");
    });

    test("without one, or with one that gives nothing, the status is INVALID_MEMORY_ACCESS", async () => {
      assert.equal(await read("none", ""), "06[]06[]");
      const zero = `(func (export "malloc") (param i32) (result i32) (i32.const 0))`;
      assert.equal(await read("zero", zero), "06[]06[]");
      const far = `(func (export "malloc") (param i32) (result i32) (i32.const -8))`;
      assert.equal(await read("far", far), "06[]06[]");
    });

    test("may make the memory grow, and give room in the new part of it", async () => {
      const growing = `(func (export "proxy_on_memory_allocate") (param i32) (result i32)
        (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))`;
      assert.equal(await read("growing", growing, '(memory (export "memory") 4 64)'), "00[body]00[shared]"); // prettier-ignore
    });

    test("may call host functions that are done at once", async () => {
      const calling = `(func (export "proxy_on_memory_allocate") (param i32) (result i32)
        (drop (call $proxy_get_buffer_bytes (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $proxy_log (i32.const 0) (i32.const 0) (i32.const 0)))
        (i32.const 200000))`;
      assert.equal(await read("calling", calling), "00[body]00[shared]");
    });

    test("are not needed by a start function that logs from the memory that it imports", async () => {
      const text = `(module
        (import "env" "memory" (memory 1))
        (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
        (data (i32.const 64) "begun")
        (func $start (if (call $log (i32.const 5) (i32.const 64) (i32.const 5)) (then unreachable)))
        (start $start)
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0)))`;
      assert.equal((await harness.once(text, "importing")).outcome, "continue");
      assert.deepEqual(await harness.reported("begun"), ["begun"]);
    });

    test("that trap or wait end the call", async () => {
      assert.match(
        await read("trapping", trapping("malloc")),
        /^trap: trap in malloc: unreachable/u,
      );
      const waiting = `(func (export "malloc") (param i32) (result i32)
        (drop (call $proxy_get_shared_data (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 68) (i32.const 72)))
        (i32.const 200000))`;
      assert.match(await read("waiting", waiting), /^trap: .*a host function that has to wait/u);
    });
  });
}
