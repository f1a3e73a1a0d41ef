import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Status } from "@layotto/grpc-transport";
import { RpcError } from "@layotto/sidecar-kit";
import { WasmStatus } from "../model/host-calls.ts";
import { ask, fakeCaller, textOf } from "./testing/fake-caller.ts";
import { testServices } from "./testing/test-services.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));
const unavailable = () => {
  throw new RpcError({ code: Status.UNAVAILABLE, reason: "DOWN", message: "the store is down" });
};

describe("state of guests", () => {
  it("get_state reads a value of a granted store", async (test) => {
    const { services } = await testServices(test, {
      getState: ({ storeName, key }) => ({ data: octets(`${storeName}.${key}`) }),
    });
    const caller = fakeCaller({ readStores: ["redis"] });
    const answer = await ask(services, caller, "get_state", "redis", "book1");
    assert.equal(answer.status, WasmStatus.OK);
    assert.equal(textOf(answer), "redis.book1");
  });

  it("get_state of a missing key is OK with an empty value", async (test) => {
    const { services } = await testServices(test, { getState: () => ({}) });
    const answer = await ask(
      services,
      fakeCaller({ readStores: ["*"] }),
      "get_state",
      "redis",
      "no",
    );
    assert.deepEqual(answer, { status: WasmStatus.OK, value: answer.value, extra: 0 });
    assert.equal(answer.value.length, 0);
  });

  it("save_state and delete_state change a granted store", async (test) => {
    const stored = new Map<string, string>();
    const { services } = await testServices(test, {
      saveState: ({ states }) => {
        for (const { key, value } of states) stored.set(key, Buffer.from(value).toString());
        return {};
      },
      deleteState: ({ key }) => {
        stored.delete(key);
        return {};
      },
    });
    const caller = fakeCaller({ writeStores: ["redis"] });
    const saved = await ask(services, caller, "save_state", "redis", "book1", octets("100"));
    assert.equal(saved.status, WasmStatus.OK);
    assert.equal(stored.get("book1"), "100");
    await ask(services, caller, "delete_state", "redis", "book1");
    assert.equal(stored.size, 0);
  });

  it("reading is not granted by writing, and the other way round", async (test) => {
    const { services } = await testServices(test, { getState: () => ({}), saveState: () => ({}) });
    const writer = fakeCaller({ writeStores: ["redis"] });
    const reader = fakeCaller({ readStores: ["redis"] });
    const read = await ask(services, writer, "get_state", "redis", "k");
    const written = await ask(services, reader, "save_state", "redis", "k", octets("v"));
    const deleted = await ask(services, reader, "delete_state", "redis", "k");
    for (const { status } of [read, written, deleted])
      assert.equal(status, WasmStatus.INTERNAL_FAILURE);
  });

  it("an error of the Runtime API is INTERNAL_FAILURE, with the reason in the log", async (test) => {
    const { services, lines } = await testServices(test, { getState: unavailable });
    const answer = await ask(
      services,
      fakeCaller({ readStores: ["redis"] }),
      "get_state",
      "redis",
      "k",
    );
    assert.equal(answer.status, WasmStatus.INTERNAL_FAILURE);
    await new Promise((resolve) => setImmediate(resolve));
    const [line] = lines.filter(({ msg }) => msg === "host call failed");
    assert.match(JSON.stringify(line), /the store is down/);
    assert.equal(line?.["level"], "debug");
  });

  it("passes the caller's metadata and deadline on", async (test) => {
    let seen: { trace: string | undefined; leftMs: number } | undefined;
    const { services } = await testServices(test, {
      getState: (_request, call) => {
        const leftMs = (call.deadlineMs ?? Infinity) - Date.now();
        seen = { trace: call.metadata.get("traceparent"), leftMs };
        return {};
      },
    });
    const caller = fakeCaller({ readStores: ["redis"] });
    caller.metadata = { traceparent: "00-1-2-01", "bad name": "left out" };
    caller.deadline = performance.now() + 4000;
    await ask(services, caller, "get_state", "redis", "k");
    assert.equal(seen?.trace, "00-1-2-01");
    assert.ok(
      seen !== undefined && seen.leftMs > 2000 && seen.leftMs <= 4000,
      String(seen?.leftMs),
    );
  });

  it("answers when the deadline passes, also one that has passed already", async (test) => {
    const { services } = await testServices(test, { getState: () => new Promise(() => {}) });
    const caller = fakeCaller({ readStores: ["redis"] });
    for (const ms of [30, -5]) {
      caller.deadline = performance.now() + ms;
      const answer = await ask(services, caller, "get_state", "redis", "k");
      assert.equal(answer.status, WasmStatus.INTERNAL_FAILURE);
      assert.ok(performance.now() - caller.deadline < 5000);
    }
  });
});

describe("other capabilities of guests", () => {
  it("publish_event is granted by component or by topic", async (test) => {
    const published: string[] = [];
    const { services } = await testServices(test, {
      publishEvent: ({ pubsubName, topic, dataContentType, data }) => {
        published.push(`${pubsubName}/${topic} ${dataContentType} ${Buffer.from(data).toString()}`);
        return {};
      },
    });
    const publish = async (topics: string[], topic: string) => {
      const args = ["bus", topic, "text/plain", octets("hi")] as const;
      return (await ask(services, fakeCaller({ topics }), "publish_event", ...args)).status;
    };
    assert.equal(await publish(["bus"], "a"), WasmStatus.OK);
    assert.equal(await publish(["bus/a"], "a"), WasmStatus.OK);
    assert.equal(await publish(["bus/a"], "b"), WasmStatus.INTERNAL_FAILURE);
    assert.deepEqual(published, ["bus/a text/plain hi", "bus/a text/plain hi"]);
  });

  it("try_lock says who holds the lock, unlock what became of it", async (test) => {
    let owner = "";
    const { services } = await testServices(test, {
      tryLock: ({ lockOwner, expire }) => {
        assert.equal(expire, 5);
        owner ||= lockOwner;
        return { success: owner === lockOwner };
      },
      unlock: ({ lockOwner }) => ({ status: owner === lockOwner ? 0 : 2 }),
    });
    const caller = fakeCaller({ lockStores: ["redis"] });
    const lock = (who: string) => ask(services, caller, "try_lock", "redis", "r", who, 5);
    const unlock = (who: string) => ask(services, caller, "unlock", "redis", "r", who);
    assert.equal((await lock("eva")).extra, 1);
    assert.equal((await lock("tom")).extra, 0);
    assert.equal((await unlock("tom")).extra, 2);
    assert.equal((await unlock("eva")).extra, 0);
  });

  it("try_lock refuses times that are none", async (test) => {
    const { services } = await testServices(test);
    const caller = fakeCaller({ lockStores: ["redis"] });
    for (const seconds of [0, -1, 2 ** 31]) {
      const answer = await ask(services, caller, "try_lock", "redis", "r", "me", seconds);
      assert.equal(answer.status, WasmStatus.BAD_ARGUMENT);
    }
  });

  it("get_next_id gives 64 bits", async (test) => {
    const { services } = await testServices(test, {
      getNextId: () => ({ nextId: "9007199254740993" }),
    });
    const caller = fakeCaller({ sequencerStores: ["ids"] });
    const { value } = await ask(services, caller, "get_next_id", "ids", "orders");
    assert.equal(Buffer.from(value).readBigInt64LE(), 9_007_199_254_740_993n);
  });

  it("get_secret gives names and values in the form of header maps", async (test) => {
    const { services } = await testServices(test, {
      getSecret: () => ({ data: { User: "eva", pin: "ü" } }),
    });
    const caller = fakeCaller({ secretStores: ["vault"] });
    const { value } = await ask(services, caller, "get_secret", "vault", "db");
    const lengths = [4, 3, 3, 2].flatMap((length) => [length, 0, 0, 0]);
    const expected = Buffer.concat([
      Buffer.from([2, 0, 0, 0, ...lengths]),
      Buffer.from("User\0eva\0pin\0ü\0"),
    ]);
    assert.deepEqual(Buffer.from(value), expected);
  });

  it("get_configuration gives the content of an item, NOT_FOUND without one", async (test) => {
    const { services } = await testServices(test, {
      getConfiguration: ({ appId, keys }) => ({
        items: keys
          .filter((key) => key === "colour")
          .map((key) => ({ key, content: `${appId} red` })),
      }),
    });
    const caller = fakeCaller({ configurationStores: ["etcd"] });
    assert.equal(
      textOf(await ask(services, caller, "get_configuration", "etcd", "colour")),
      "app1 red",
    );
    const missing = await ask(services, caller, "get_configuration", "etcd", "size");
    assert.equal(missing.status, WasmStatus.NOT_FOUND);
  });

  it("everything is denied to a function without grants", async (test) => {
    const { services } = await testServices(test);
    const nobody = fakeCaller();
    const answers = await Promise.all([
      ask(services, nobody, "get_state", "s", "k"),
      ask(services, nobody, "save_state", "s", "k", octets("")),
      ask(services, nobody, "delete_state", "s", "k"),
      ask(services, nobody, "publish_event", "s", "t", "", octets("")),
      ask(services, nobody, "try_lock", "s", "r", "o", 1),
      ask(services, nobody, "unlock", "s", "r", "o"),
      ask(services, nobody, "get_next_id", "s", "k"),
      ask(services, nobody, "get_secret", "s", "k"),
      ask(services, nobody, "get_configuration", "s", "k"),
      ask(services, nobody, "invoke_service", "id_2", "", octets("")),
    ]);
    for (const { status } of answers) assert.equal(status, WasmStatus.INTERNAL_FAILURE);
  });
});

describe("log of refusals", () => {
  it("names the list to write into, once a minute", async (test) => {
    const { services, lines, clock } = await testServices(test);
    const denied = () => lines.filter(({ level }) => level === "warn");
    const caller = fakeCaller();
    for (let index = 0; index < 3; index += 1)
      await ask(services, caller, "get_state", "redis", "k");
    assert.equal(denied().length, 1);
    const [line] = denied();
    assert.equal(line?.["grant"], "wasm.functions.shop.capabilities.read");
    assert.equal(line?.["name"], "redis");
    assert.equal(line?.["function"], "shop");
    await clock.advance(60_000);
    await ask(services, caller, "get_state", "redis", "k");
    assert.equal(denied().length, 2);
  });

  it("cannot be flooded with ever new names", async (test) => {
    const { services, lines } = await testServices(test);
    const caller = fakeCaller();
    for (let index = 0; index < 500; index += 1)
      await ask(services, caller, "get_state", `${index}`.repeat(300), "k");
    const denied = lines.filter(({ level }) => level === "warn");
    assert.equal(denied.length, 20);
    for (const { name } of denied) assert.ok(String(name).length <= 200);
  });
});
