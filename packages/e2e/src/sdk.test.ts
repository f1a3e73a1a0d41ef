/** The npm package `layotto` as an app uses it, unchanged, against real processes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import layotto from "layotto";
import { backends } from "./harness/backends.ts";
import { text } from "./harness/calls.ts";
import { Scope } from "./harness/scope.ts";

const storeName = "state_demo";
const { AutoIncrement } = layotto.RuntimeTypes.SequencerOptions;
const { StateConcurrency, StateConsistency } = layotto.RuntimeTypes.StateOptions;
/** gRPC code, as the SDK's errors carry it. */
const aborted = 10;

for (const backend of backends) {
  describe(`SDK on ${backend.name}`, { skip: backend.skip }, () => {
    const scope = new Scope();
    let client: InstanceType<typeof layotto.Client>;
    before(async () => {
      const { port } = await backend.start(scope);
      client = scope.use(new layotto.Client(String(port), "127.0.0.1"));
    });
    after(() => scope.close());

    it("hello.sayHello greets by name and without", async () => {
      assert.equal(await client.hello.sayHello({ name: "eva" }), "greeting, eva");
      assert.equal(await client.hello.sayHello(), "greeting");
    });

    it("hello.sayHello refuses an instance that is not there", async () => {
      await assert.rejects(client.hello.sayHello({ serviceName: "nobody" }), /no instance found/);
    });

    it("state.save and state.get keep text and bytes, with a new etag per write", async () => {
      await client.state.save({ storeName, states: { key: "greeting", value: "grüß dich" } });
      const first = await client.state.get({ storeName, key: "greeting" });
      assert.equal(text(first?.value ?? new Uint8Array()), "grüß dich");
      assert.equal(first?.etag, "1");
      const value = Uint8Array.from([0, 255, 10, 13]);
      await client.state.save({ storeName, states: [{ key: "greeting", value }] });
      const second = await client.state.get({ storeName, key: "greeting" });
      assert.deepEqual(Uint8Array.from(second?.value ?? []), value);
      assert.equal(second?.etag, "2");
    });

    it("state.get finds nothing where nothing is", async () => {
      assert.equal(await client.state.get({ storeName, key: "never written" }), null);
    });

    it("state.save refuses a stale etag and keeps what is there", async () => {
      const options = {
        concurrency: StateConcurrency.CONCURRENCY_FIRST_WRITE,
        consistency: StateConsistency.CONSISTENCY_STRONG,
      };
      await client.state.save({ storeName, states: { key: "guarded", value: "1" } });
      const stale = { key: "guarded", value: "2", etag: "7", options };
      await assert.rejects(client.state.save({ storeName, states: stale }), { code: aborted });
      await client.state.save({ storeName, states: { ...stale, etag: "1" } });
      const found = await client.state.get({ storeName, key: "guarded" });
      assert.equal(text(found?.value ?? new Uint8Array()), "2");
    });

    it("state.getBulk returns the keys that are there", async () => {
      const states = [1, 2, 3].map((n) => ({ key: `bulk${n}`, value: `value${n}` }));
      await client.state.save({ storeName, states });
      const keys = ["bulk1", "bulk2", "bulk3", "bulk4"];
      const found = await client.state.getBulk({ storeName, keys, parallelism: 2 });
      const values = found.map(({ key, value }) => `${key}=${text(value)}`).sort();
      assert.deepEqual(values, ["bulk1=value1", "bulk2=value2", "bulk3=value3"]);
    });

    it("state.delete and state.deleteBulk remove", async () => {
      const states = [1, 2, 3].map((n) => ({ key: `gone${n}`, value: "x" }));
      await client.state.save({ storeName, states });
      await client.state.delete({ storeName, key: "gone1" });
      await client.state.deleteBulk({ storeName, states: [{ key: "gone2" }, { key: "gone3" }] });
      const keys = states.map(({ key }) => key);
      assert.deepEqual(await client.state.getBulk({ storeName, keys }), []);
      await client.state.delete({ storeName, key: "gone1" });
    });

    it("state.executeTransaction does all or nothing", async () => {
      const { Upsert, Delete } = layotto.Types.State.StateOperationType;
      const options = {
        concurrency: StateConcurrency.CONCURRENCY_LAST_WRITE,
        consistency: StateConsistency.CONSISTENCY_UNSPECIFIED,
      };
      await client.state.save({ storeName, states: { key: "tx old", value: "x" } });
      const upsert = (key: string) => ({
        operationType: Upsert,
        request: { key, value: key, etag: "0", options },
      });
      const remove = { operationType: Delete, request: { key: "tx old" } };
      const operations = [upsert("tx1"), upsert("tx2"), remove];
      await client.state.executeTransaction({ storeName, operations });
      const found = await client.state.getBulk({ storeName, keys: ["tx1", "tx2", "tx old"] });
      assert.deepEqual(found.map(({ key }) => key).sort(), ["tx1", "tx2"]);
    });

    it("lock.tryLock excludes others until unLock", async () => {
      const lock = { storeName: "lock_demo", resourceId: "resource" };
      const [mine, yours] = [client.lock.uuid(), client.lock.uuid()];
      assert.equal(await client.lock.tryLock({ ...lock, lockOwner: mine, expire: 100 }), true);
      assert.equal(await client.lock.tryLock({ ...lock, lockOwner: yours, expire: 100 }), false);
      assert.equal((await client.lock.unLock({ ...lock, lockOwner: yours })).status, 2);
      assert.equal((await client.lock.unLock({ ...lock, lockOwner: mine })).status, 0);
      assert.equal((await client.lock.unLock({ ...lock, lockOwner: mine })).status, 1);
      assert.equal(await client.lock.tryLock({ ...lock, lockOwner: yours, expire: 100 }), true);
    });

    it("sequencer.getNextId counts up, strong and weak", async () => {
      const next = (key: string, increment: 0 | 1) =>
        client.sequencer.getNextId({ storeName: "sequencer_demo", key, options: { increment } });
      const strong = [];
      for (let i = 0; i < 5; i += 1) strong.push(await next("strong", AutoIncrement.STRONG));
      assert.deepEqual(strong.map(String), ["1", "2", "3", "4", "5"]);
      const weak = [];
      for (let i = 0; i < 5; i += 1) weak.push(Number(await next("weak", AutoIncrement.WEAK)));
      assert.equal(new Set(weak).size, 5);
      assert.deepEqual(
        weak,
        weak.toSorted((a, b) => a - b),
      );
    });
  });
}
