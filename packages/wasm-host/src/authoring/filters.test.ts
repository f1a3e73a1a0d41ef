import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { activate } from "../guest/testing/fake-host.ts";
import { type Language, languages } from "../tool/new/languages.ts";
import { BuiltExamples, Example, skipWithoutToolchain } from "./testing/examples.ts";
import { FakeLayotto, pairs } from "./testing/fake-layotto.ts";
import { checkInterface } from "./testing/interface.ts";

const built = new BuiltExamples();
after(() => built.close());

const skips = new Map(languages.map((language) => [language, skipWithoutToolchain(language)]));

async function start(
  language: Language,
  name: string,
  config: Record<string, string> = {},
): Promise<Example> {
  return Example.start(await built.module(language, name), new FakeLayotto().answer, pairs(config));
}

const get = [":method", "GET", ":path", "/", ":authority", "shop"];
const bytes = (text: string) => Buffer.from(text);
const text = (octets: Uint8Array | undefined) => Buffer.from(octets ?? []).toString();

/** Field 2 of SaveStateRequest: a StateItem with key, value and an etag. */
function item(key: string, value: string): Buffer {
  const parts = [field(1, bytes(key)), field(2, bytes(value)), field(3, field(1, bytes("7")))];
  return field(2, Buffer.concat(parts));
}

function field(number: number, value: Buffer): Buffer {
  const size =
    value.length < 128 ? [value.length] : [(value.length & 127) | 128, value.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size]), value]);
}

for (const language of ["assemblyscript", "rust"] as const)
  suite(`filters in ${language}`, { skip: skips.get(language) ?? false }, () => {
    test("header_filter lets in who has the token and marks what passes", async () => {
      const filter = await start(language, "header_filter", { token: "let-me-in" });
      const [passed] = await filter.open("filter", [...get, "authorization", "Bearer let-me-in"]);
      assert.equal(passed?.outcome, "continue");
      assert.deepEqual(passed?.headers, [...get, "x-checked-by", "header_filter"]);
      const [answered] = await filter.respond([":status", "200"]);
      assert.deepEqual(answered?.headers, [":status", "200", "x-served-by", "layotto"]);
      assert.equal(filter.guest.openStreams, 0);
    });

    test("header_filter denies who has none", async () => {
      const filter = await start(language, "header_filter", { token: "let-me-in" });
      for (const headers of [get, [...get, "authorization", "Bearer guess"]]) {
        const [denied] = await filter.open("filter", headers);
        assert.equal(denied?.outcome, "answer");
        assert.equal(denied?.answer?.status, 401);
        assert.equal(text(denied?.answer?.body), "a token is needed");
        assert.ok(denied?.answer?.headers.includes("www-authenticate"));
      }
    });

    test("header_filter without a token in its configuration does not start", async () => {
      await assert.rejects(start(language, "header_filter"), /proxy_on_configure/u);
    });

    test("save_state_hook writes values in capitals and leaves the rest", async () => {
      const hook = await start(language, "save_state_hook");
      const store = field(1, bytes("redis"));
      const long = "a".repeat(300);
      const message = Buffer.concat([store, item("k1", "small"), item("k2", long)]);
      const [output] = await hook.open("filter", get, message);
      const expected = Buffer.concat([store, item("k1", "SMALL"), item("k2", long.toUpperCase())]);
      assert.equal(output?.outcome, "continue");
      assert.deepEqual(Buffer.from(output?.body ?? []), expected);
    });

    test("save_state_hook denies keys that begin with secret_", async () => {
      const hook = await start(language, "save_state_hook");
      const [output] = await hook.open("filter", get, item("secret_key", "v"));
      assert.equal(output?.answer?.status, 403);
      assert.equal(output?.answer?.grpcStatus, 7);
    });

    test("save_state_hook leaves a broken message as it is", async () => {
      const hook = await start(language, "save_state_hook");
      for (const broken of [[0x12, 0x7f, 1], [0x0b], [0x12], [0x08, 0xff]]) {
        const [output] = await hook.open("filter", get, Buffer.from(broken));
        assert.deepEqual([output?.outcome, output?.body], ["continue", undefined]);
        await hook.close();
      }
    });

    test("router picks the cluster of the configuration for canaries", async () => {
      const router = await start(language, "router", { cluster: "shop-v2" });
      const [canary] = await router.open("filter", [...get, "x-canary", "true"]);
      assert.deepEqual(canary?.properties, ["layotto.cluster", "shop-v2"]);
      const [plain] = await router.open("filter", get);
      assert.equal(plain?.properties, undefined);
    });

    test("rate_limiter lets each caller make so many calls a second", async (t) => {
      let ms = 1000;
      t.mock.method(performance, "now", () => ms);
      const limiter = await start(language, "rate_limiter", { limit: "3" });
      const call = async (caller: string) => {
        const [output] = await limiter.open("filter", [...get, "x-caller", caller]);
        await limiter.close();
        return output?.answer?.status ?? output?.outcome;
      };
      for (let i = 0; i < 3; i++) assert.equal(await call("ann"), "continue");
      assert.equal(await call("ann"), 429);
      assert.equal(await call("bob"), "continue");
      ms += 1000;
      assert.equal(await call("ann"), "continue");
    });

    test("a module exports what its host calls and imports what it has", async () => {
      for (const name of ["header_filter", "save_state_hook", "router", "rate_limiter"])
        checkInterface(await built.bytes(language, name), "filter");
    });

    test("10 000 requests do not grow the memory", async () => {
      const filter = await start(language, "header_filter", { token: "t" });
      const pass = async () => {
        await filter.open("filter", [...get, "authorization", "Bearer t"]);
        await filter.close();
      };
      for (let i = 0; i < 2000; i++) await pass();
      const settled = filter.guest.memoryBytes;
      for (let i = 0; i < 8000; i++) await pass();
      assert.equal(filter.guest.memoryBytes, settled);
    });
  });

for (const language of languages)
  suite(`ask_first in ${language}`, { skip: skips.get(language) ?? false }, () => {
    const response = (call: number, status: string, body: string) => ({ kind: "http-response", call, headers: [":status", status], body: bytes(body), trailers: [] }) as const; // prettier-ignore

    test("waits for the call-out and goes on with what it says", async () => {
      const asking = await start(language, "ask_first");
      assert.deepEqual(await asking.open("filter", [...get, "authorization", "Ann's"]), []);
      const call = asking.host.calls.find(({ op }) => op === "http_call");
      assert.deepEqual(call?.args[1], [":method", "GET", ":path", "/who", ":authority", "auth", "authorization", "Ann's"]); // prettier-ignore
      const [output] = await activate(asking.guest, asking.guest.event(response(77, "200", "ann")));
      assert.equal(output?.outcome, "continue");
      assert.deepEqual(output?.headers?.slice(-2), ["x-user", "ann"]);
    });

    test("ends the request when the answer is no", async () => {
      const asking = await start(language, "ask_first");
      await asking.open("filter", get);
      const [output] = await activate(asking.guest, asking.guest.event(response(77, "401", "")));
      assert.equal(output?.answer?.status, 403);
    });

    test("each of several exchanges gets the answer to its own call", async () => {
      const asking = await start(language, "ask_first");
      for (const token of ["Ann's", "Bob's"])
        await asking.open("filter", [...get, "authorization", token]);
      const second = asking.stream;
      for (const [call, body] of [
        [78, "bob"],
        [77, "ann"],
      ] as const) {
        const [output] = await activate(
          asking.guest,
          asking.guest.event(response(call, "200", body)),
        );
        assert.equal(output?.stream, call === 78 ? second : second - 1);
        assert.deepEqual(output?.headers?.slice(-2), ["x-user", body]);
      }
    });

    test("a module exports what its host calls and imports what it has", async () => {
      checkInterface(await built.bytes(language, "ask_first"), "filter");
    });

    test("a request that is over forgets its call", async () => {
      const asking = await start(language, "ask_first");
      await asking.open("filter", get);
      await asking.close();
      assert.deepEqual(
        await activate(asking.guest, asking.guest.event(response(77, "200", "ann"))),
        [],
      );
      assert.equal(asking.guest.fault, undefined);
    });
  });
