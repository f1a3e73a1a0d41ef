import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { runSteps } from "../guest/steps.ts";
import { hostModes } from "../guest/testing/fake-host.ts";
import { type HostCall, WasmStatus } from "../model/host-calls.ts";
import { type Language, languages } from "../tool/new/languages.ts";
import { BuiltExamples, Example, skipWithoutToolchain } from "./testing/examples.ts";
import { FakeLayotto, pairs } from "./testing/fake-layotto.ts";
import { checkInterface, importsFrom } from "./testing/interface.ts";

const built = new BuiltExamples();
after(() => built.close());

const skips = new Map(languages.map((language) => [language, skipWithoutToolchain(language)]));

const down = () => ({ status: WasmStatus.INTERNAL_FAILURE });
const bytes = (text: string) => Buffer.from(text);

/** Largest memory after many calls, octets. */
const memoryBounds: Readonly<Record<Language, number>> = {
  assemblyscript: 1024 * 1024,
  rust: 2 * 1024 * 1024,
  c: 256 * 1024,
  go: 16 * 1024 * 1024,
};

/** What Go's own runtime needs of WASI. */
const wasiOfGo = ["args_get", "args_sizes_get", "clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "poll_oneoff", "proc_exit", "random_get", "sched_yield"]; // prettier-ignore

/** Largest memory after large bodies, octets: copies of one call, and what waits for the garbage collector. */
function largeBound(language: Language): number {
  return (language === "go" || language === "assemblyscript" ? 24 : 8) * 1024 * 1024;
}

/** The inventory, with 100 of book1. */
async function inventory(language: Language): Promise<Example> {
  const layotto = new FakeLayotto();
  layotto.state.set("state_demo/book1", bytes("100"));
  return Example.start(await built.module(language, "function_2"), layotto.answer);
}

/** The shop, whose calls of id_2 go to an inventory. */
async function shop(language: Language, other: Example): Promise<Example> {
  let stream = 10_000;
  const answer = (call: HostCall) => {
    if (call.op !== "invoke_service" || call.args[0] !== other.guest.id) return down();
    const [, , body] = call.args;
    const input = { mode: "function", phase: "request", headers: [":method", "POST", ":path", "/"], body, trailers: undefined, bodyFollows: false, properties: [] } as const; // prettier-ignore
    void runSteps(other.guest.open(++stream, input));
    const [output] = other.guest.takeOutputs();
    return { value: output?.answer?.body ?? new Uint8Array() };
  };
  return Example.start(await built.module(language, "function_1"), answer);
}

for (const language of languages)
  suite(`functions in ${language}`, { skip: skips.get(language) ?? false }, () => {
    test("hello greets by name, from body and query, decoded", async () => {
      const hello = await Example.start(await built.module(language, "hello"));
      assert.equal(hello.guest.id, "hello");
      assert.equal(await hello.text("/?name=Ann"), "Hello, Ann!");
      assert.equal(await hello.text("/?x=1&name=J%C3%BCrg+M."), "Hello, Jürg M.!");
      assert.equal(await hello.text("/?name=Ann", "name=100%"), "Hello, 100%!");
      assert.equal(await hello.text("/?name=Ann", "other=1"), "Hello, Ann!");
      assert.equal(await hello.text("/"), "Hello, world!");
    });

    test("what goes wrong is told with a status", async () => {
      const lost = await Example.start(await built.module(language, "function_1"), down);
      const nameless = await lost.call("/");
      assert.equal(nameless.status, 400);
      assert.equal(Buffer.from(nameless.body).toString(), `which book? add "name=…"`);
      assert.equal((await lost.call("/?name=book1")).status, 502);
      const stateless = await Example.start(await built.module(language, "function_2"), down);
      assert.equal((await stateless.call("/", "book1")).status, 502);
    });

    test("function_2 of a book that is not there answers with nothing", async () => {
      const { status, body } = await (await inventory(language)).call("/", "book2");
      assert.deepEqual([status, body.length], [200, 0]);
    });

    test("10 000 calls with large values do not grow the memory", async () => {
      const layotto = new FakeLayotto();
      const key = "k".repeat(1000);
      layotto.state.set(`state_demo/${key}`, bytes("v".repeat(5000)));
      const example = await Example.start(
        await built.module(language, "function_2"),
        layotto.answer,
      );
      const { guest } = example;
      for (let i = 0; i < 10_000; i++)
        assert.equal((await example.call("/", key)).body.length, 5000);
      assert.ok(guest.memoryBytes <= memoryBounds[language], `${guest.memoryBytes} octets`);
      const settled = guest.memoryBytes;
      for (let i = 0; i < 2000; i++) await example.call("/", key);
      assert.equal(guest.memoryBytes, settled);
    });

    test("100 calls with bodies of 1 MiB stay within bounds", async () => {
      const hello = await Example.start(await built.module(language, "hello"));
      const body = `name=Ann&rest=${"x".repeat(1024 * 1024)}`;
      for (let i = 0; i < 100; i++) assert.equal(await hello.text("/", body), "Hello, Ann!");
      assert.ok(
        hello.guest.memoryBytes <= largeBound(language),
        `${hello.guest.memoryBytes} octets`,
      );
    });

    for (const [mode, skip] of hostModes)
      test(`tour: host calls may be ${mode}`, { skip }, async () => {
        const config = pairs({ greeting: "welcome" });
        const module = await built.module(language, "tour");
        const tour = await Example.start(module, new FakeLayotto().answer, config, mode);
        for (let i = 0; i < 200; i++) {
          const lines = (await tour.text("/")).split("\n");
          assert.equal(lines.length, 15);
          assert.equal(lines[13], `counted: ${3 * (i + 1)}`);
        }
      });

    test("a module exports what its host calls and imports what it has", async () => {
      for (const name of ["hello", "function_1", "function_2", "tour"])
        checkInterface(await built.bytes(language, name), "function");
      const imports = importsFrom(await built.bytes(language, "function_2"), "env");
      assert.ok(imports.includes("proxy_get_state"));
      assert.ok(!imports.includes("proxy_invoke_service"));
      assert.deepEqual(
        importsFrom(await built.bytes(language, "function_2"), "wasi_snapshot_preview1"),
        language === "go" ? wasiOfGo : [],
      );
    });

    test("tour: every call of Layotto gets through", async () => {
      const layotto = new FakeLayotto();
      const config = pairs({ color: "red", greeting: "welcome" });
      const tour = await Example.start(
        await built.module(language, "tour"),
        layotto.answer,
        config,
      );
      for (let i = 0; i < 3; i++) {
        const { status, headers, body } = await tour.call("/");
        assert.equal(status, 200);
        assert.equal(headers[headers.indexOf("x-tour") + 1], "over");
        assert.deepEqual(Buffer.from(body).toString().split("\n"), [
          "greeting: welcome",
          "name: probe",
          "state: hello",
          "deleted: ",
          "published: yes",
          "locked: yes",
          "unlocked: 0",
          "id: 7000000000",
          "secret: user=admin",
          "color: blue",
          "shared: 1",
          "stale: refused",
          "queue: ticket",
          `counted: ${3 * (i + 1)}`,
          "foreign: ?",
        ]);
      }
      assert.deepEqual(layotto.published.slice(0, 1), ["pubsub_demo tours text/plain begun"]);
      assert.ok(
        tour.host.lines.some(({ level, text }) => level === 2 && text.includes("the tour is over")),
      );
      assert.deepEqual(
        tour.host.calls.find(({ op }) => op === "try_lock")?.args,
        ["lock_demo", "tour", "me", 10],
      ); // prettier-ignore
    });
  });

suite("book inventory", () => {
  for (const first of languages)
    for (const second of languages) {
      const [skip = false] = [skips.get(first), skips.get(second)].filter(
        (reason) => reason !== false,
      );
      test(`function_1 in ${first} asks function_2 in ${second}`, { skip }, async () => {
        const other = await inventory(second);
        const shopping = await shop(first, other);
        assert.deepEqual([shopping.guest.id, other.guest.id], ["id_1", "id_2"]);
        assert.equal(await shopping.text("/?name=book1"), "There are 100 inventories for book1.");
      });
    }
});
