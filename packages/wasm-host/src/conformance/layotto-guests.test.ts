import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canSuspend } from "../engine.ts";
import type { LoadedVersion } from "../model/engine.ts";
import type { GuestHost } from "../model/guest-host.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { BuiltExamples, skipWithoutToolchain } from "../authoring/testing/examples.ts";
import { textOf } from "../testing/engine.ts";
import { rustLike, tinyGoLike } from "./testing/layotto-guests.ts";
import { Harness, octets } from "./testing/harness.ts";

const modes = canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const);

for (const mode of modes) {
  describe(`guests like those of Layotto, host calls by ${mode}`, () => {
    let harness: Harness;
    let second: LoadedVersion | undefined;
    const examples = new BuiltExamples();
    const state = new Map([
      ["redis/book1", "100"],
      ["state_demo/book1", "100"],
    ]);

    const ask = async (version: LoadedVersion, body: Uint8Array) =>
      harness.exchange(version, { mode: "function", body }).output();

    /** State from memory, and functions by the id that they gave themselves. */
    const layotto = (host: GuestHost): GuestHost => ({
      handle(caller, call, answer) {
        if (call.op === "get_state") {
          const value = octets(state.get(call.args.join("/")) ?? "");
          answer({ status: WasmStatus.OK, value, extra: 0 });
        } else if (call.op === "invoke_service" && call.args[0] === second?.id) {
          void ask(second, new Uint8Array(call.args[2])).then(({ answer: reply }) =>
            answer({ status: reply === undefined ? WasmStatus.INTERNAL_FAILURE : WasmStatus.OK, value: reply?.body ?? octets(""), extra: 0 }),
          ); // prettier-ignore
        } else host.handle(caller, call, answer);
      },
      release: (caller) => host.release(caller),
    });

    before(async () => {
      harness = await Harness.open(mode, layotto);
      second = await harness.load(rustLike, "second");
    });
    after(() => {
      examples.close();
      return harness.close();
    });

    test("one made by Rust answers what the state store has", async () => {
      assert.ok(second !== undefined);
      assert.equal(second.id, "id_2");
      assert.equal(second.info.abi, "proxy-wasm 0.2.0");
      assert.equal(textOf(await ask(second, octets("book1"))), "100");
      assert.equal(textOf(await ask(second, octets("none"))), "");
    });

    test("one made by TinyGo invokes it by its id and answers a sentence", async () => {
      const first = await harness.load(tinyGoLike, "first");
      assert.equal(first.id, "id_1");
      assert.deepEqual(await harness.reported("started"), ["started"]);
      const { answer } = await ask(first, octets("name=book1"));
      assert.equal(answer?.status, 200);
      assert.equal(Buffer.from(answer.body).toString(), "There are 100 inventories for book1.");
    });

    for (const language of ["c", "rust"] as const)
      test(`the examples in ${language} do what both do`, { skip: skipWithoutToolchain(language) }, async () => {
        second = await harness.load(await examples.bytes(language, "function_2"), `${language}-2`);
        const first = await harness.load(await examples.bytes(language, "function_1"), `${language}-1`);
        assert.deepEqual([first.id, second.id], ["id_1", "id_2"]);
        const output = await ask(first, octets("name=book1"));
        assert.equal(textOf(output), "There are 100 inventories for book1.");
      }); // prettier-ignore
  });
}
