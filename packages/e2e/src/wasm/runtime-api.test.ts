/** What guests ask of the Runtime API, through a real gateway and real sidecars. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import layottoSdk from "layotto";
import { freePort } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "../harness/calls.ts";
import { Inbox } from "../harness/inbox.ts";
import { Scope } from "../harness/scope.ts";
import {
  goOn,
  guest,
  type HostFunction,
  out,
  readBuffer,
  writeBuffer,
  written,
} from "./testing/guest-text.ts";
import { type FunctionsWorld, logged, startFunctions } from "./testing/world.ts";

/** Where the guest puts a status, and behind it a number. */
const statusAt = 32;
const numberAt = 40;
const number = `(i32.const ${numberAt})`;

type Text = (value: string) => string;

/** What the guest can be told to do, and how it does it. */
const operations = {
  get: ["proxy_get_state", (t: Text) => `${t("orders")} ${t("key")} ${out}`],
  set: ["proxy_set_state", (t: Text) => `${t("orders")} ${t("key")} ${t("a value")}`],
  delete: ["proxy_delete_state", (t: Text) => `${t("orders")} ${t("key")}`],
  publish: ["proxy_publish_event", (t: Text) => `${t("bus")} ${t("news")} ${t("application/json")} ${t('{"from":"guest"}')}`],
  lock: ["proxy_try_lock", (t: Text) => `${t("locks")} ${t("resource")} ${t("guest")} (i32.const 60) ${number}`],
  unlock: ["proxy_unlock", (t: Text) => `${t("locks")} ${t("resource")} ${t("guest")} ${number}`],
  next: ["proxy_get_next_id", (t: Text) => `${t("ids")} ${t("order")} ${number}`],
  secret: ["proxy_get_secret", (t: Text) => `${t("vault")} ${t("password")} ${out}`],
  item: ["proxy_get_configuration_item", (t: Text) => `${t("settings")} ${t("item")} ${out}`],
  invoke: ["proxy_invoke_service", (t: Text) => `${t("helper")} ${t("")} ${t("x")} ${out}`],
} as const satisfies Record<string, readonly [HostFunction, (text: Text) => string]>; // prettier-ignore

type Operation = keyof typeof operations;
const all = Object.keys(operations) as Operation[]; // an object of ours has no further keys

/** Does what the first letter of its body says, by the place in the list; answers status, number and value. */
const toolbox = guest({
  imports: all.map((name) => operations[name][0]),
  onRequestBody: (texts) => `(local $order i32)
    ${readBuffer(0)}
    (local.set $order (i32.sub (i32.load8_u (i32.load (i32.const 16))) (i32.const 97)))
    ${[16, statusAt, numberAt].map((at) => `(i64.store (i32.const ${at}) (i64.const 0))`).join(" ")}
    ${all.map((name, place) => step(place, `(call $${operations[name][0]} ${operations[name][1](texts)})`)).join("\n")}
    ${writeBuffer(1, `(i32.const ${statusAt}) (i32.const 16)`)}
    (drop (call $proxy_set_buffer_bytes (i32.const 1) (i32.const 16) (i32.const 0) ${written}))
    ${goOn}`,
}); // prettier-ignore

function step(place: number, call: string): string {
  return `(if (i32.eq (local.get $order) (i32.const ${place})) (then (i32.store (i32.const ${statusAt}) ${call})))`;
}

/** Status, number and value that the guest was given. */
async function does(world: FunctionsWorld, name: string, operation: Operation): Promise<[number, number, string]> {
  const letter = String.fromCharCode(97 + all.indexOf(operation));
  const url = `http://127.0.0.1:${world.port}/`;
  const response = await fetch(url, { method: "POST", headers: { id: name }, body: letter });
  const answer = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, String(answer));
  return [answer.readUInt32LE(0), Number(answer.readBigInt64LE(8)), answer.toString("utf8", 16)];
} // prettier-ignore

const capabilities = {
  read: ["orders"],
  write: ["orders"],
  topics: ["bus/news"],
  locks: ["locks"],
  sequencers: ["ids"],
  secrets: ["vault"],
  configuration: ["settings"],
  services: ["helper"],
};

const silent = { info: () => {}, warn: () => {}, error: () => {} };

describe("the Runtime API as guests use it", () => {
  const scope = new Scope();
  const inbox = new Inbox<string>();
  let world: FunctionsWorld;
  before(async () => {
    const appPort = await freePort();
    // The SDK's types want a whole console; it logs with these three only.
    const server = new layottoSdk.Server(String(appPort), undefined, { logger: silent as unknown as Console }); // prettier-ignore
    server.pubsub.addPubSubSubscription("bus", "news");
    server.pubsub.subscribe("bus", "news", async (data) => {
      inbox.add(JSON.stringify(data));
      return Promise.resolve();
    });
    await server.start();
    scope.defer(() => server.close());
    const type = "in-memory";
    const { helper, module } = {
      helper: await guest({ onRequestBody: helped }),
      module: await toolbox,
    };
    world = await startFunctions(scope, {
      modules: { granted: module, denied: module, helper },
      functions: {
        granted: { instance_num: 1, capabilities },
        denied: { instance_num: 1 },
        helper: {},
      },
      sections: {
        app: { app_id: "app1", grpc_callback_port: appPort },
        state: { orders: { type } },
        lock: { locks: { type } },
        sequencer: { ids: { type } },
        pub_subs: { bus: { type } },
      },
    });
  });
  after(() => scope.close());

  const helped = (texts: Text): string => `${writeBuffer(1, texts("help"))} ${goOn}`;
  const granted = (operation: Operation) => does(world, "granted", operation);
  const stored = async (): Promise<string> => {
    const { data } = await runtime(world.layotto.client()).getState({ storeName: "orders", key: "key" }); // prettier-ignore
    return text(data);
  };

  describe("what a function is not granted", () => {
    const lists: readonly [Operation, string, string][] = [
      ["get", "read", "orders"],
      ["set", "write", "orders"],
      ["delete", "write", "orders"],
      ["publish", "topics", "bus/news"],
      ["lock", "locks", "locks"],
      ["unlock", "locks", "locks"],
      ["next", "sequencers", "ids"],
      ["secret", "secrets", "vault"],
      ["item", "configuration", "settings"],
      ["invoke", "services", "helper"],
    ];
    const operationNames: Partial<Record<Operation, string>> = {
      get: "get_state", set: "save_state", delete: "delete_state", publish: "publish_event", lock: "try_lock",
      next: "get_next_id", secret: "get_secret", item: "get_configuration", invoke: "invoke_service",
    }; // prettier-ignore
    for (const [operation, list, name] of lists)
      it(`${operations[operation][0]} is refused, and the log names ${list}`, async () => {
        assert.deepEqual(await does(world, "denied", operation), [10, 0, ""]);
        const grant = `"grant":"wasm.functions.denied.capabilities.${list}"`;
        const told = `"operation":"${operationNames[operation] ?? operation}"`;
        await logged(world.layotto, grant, told, `"name":"${name}"`);
      });

    it("nothing of it happens", async () => {
      const { saveState, deleteState, getNextId, tryLock, unlock } = runtime(
        world.layotto.client(),
      );
      const item = { storeName: "orders", key: "key" };
      await saveState({ storeName: "orders", states: [{ key: "key", value: bytes("kept") }] });
      for (const operation of ["set", "delete"] as const) await does(world, "denied", operation);
      assert.equal(await stored(), "kept");
      await deleteState(item);

      const lock = { storeName: "locks", resourceId: "resource" };
      await does(world, "denied", "lock");
      const asGuest = { ...lock, lockOwner: "guest" };
      assert.equal((await tryLock({ ...lock, lockOwner: "app", expire: 60 })).success, true);
      await unlock({ ...lock, lockOwner: "app" });
      assert.equal((await tryLock({ ...asGuest, expire: 60 })).success, true);
      await does(world, "denied", "unlock");
      assert.equal((await tryLock({ ...lock, lockOwner: "app", expire: 60 })).success, false);
      await unlock(asGuest);

      await does(world, "denied", "next");
      assert.equal((await getNextId({ storeName: "ids", key: "order" })).nextId, "1");
      assert.deepEqual(inbox.items, []);
    });
  });

  it("state: write, read, delete", async () => {
    assert.deepEqual(await granted("get"), [0, 0, ""]);
    assert.deepEqual(await granted("set"), [0, 0, ""]);
    assert.equal(await stored(), "a value");
    assert.deepEqual(await granted("get"), [0, 0, "a value"]);
    assert.deepEqual(await granted("delete"), [0, 0, ""]);
    assert.equal(await stored(), "");
  });

  it("publish: the subscriber gets it", async () => {
    assert.deepEqual(await granted("publish"), [0, 0, ""]);
    // What was refused before would have come first.
    await inbox.holds(1);
    assert.deepEqual(inbox.items, ['{"from":"guest"}']);
  });

  it("lock: others are kept out until it is given back", async () => {
    const lock = { storeName: "locks", resourceId: "resource", lockOwner: "app", expire: 60 };
    const { tryLock, unlock } = runtime(world.layotto.client());
    assert.deepEqual(await granted("unlock"), [0, 1, ""], "there is no such lock");
    assert.deepEqual(await granted("lock"), [0, 1, ""]);
    assert.equal((await tryLock(lock)).success, false);
    assert.deepEqual(await granted("unlock"), [0, 0, ""]);
    assert.equal((await tryLock(lock)).success, true);
    assert.deepEqual(await granted("lock"), [0, 0, ""], "somebody else has it");
    assert.deepEqual(await granted("unlock"), [0, 2, ""], "it is somebody else's");
    await unlock(lock);
  });

  it("sequencer: one after the other", async () => {
    const { getNextId } = runtime(world.layotto.client());
    assert.deepEqual(await granted("next"), [0, 2, ""]);
    assert.equal((await getNextId({ storeName: "ids", key: "order" })).nextId, "3");
    assert.deepEqual(await granted("next"), [0, 4, ""]);
  });

  it("secret and configuration fail as long as nothing serves them", async () => {
    assert.deepEqual(await granted("secret"), [10, 0, ""]);
    assert.deepEqual(await granted("item"), [10, 0, ""]);
  });

  it("a function by its id", async () => {
    assert.deepEqual(await granted("invoke"), [0, 0, "help"]);
  });
});
