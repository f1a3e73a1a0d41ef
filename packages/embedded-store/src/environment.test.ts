import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { temporaryDirectory, type TemporaryDirectory } from "@layotto/sidecar-kit/testing";
import { Environment } from "./environment.ts";
import { openEnvironment } from "./store.ts";
import { startHolder } from "./testing/index.ts";

describe("Environment", () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, "embedded");
  });
  afterEach(() => temporary.remove());

  it("refuses the directory of another installation and leaves it untouched", async () => {
    await open("shop").close();
    const before = contents(directory);
    assert.throws(() => open("bank"), {
      reason: "DATA_DIR_REFUSED",
      message: /belongs to installation "shop", this is "bank"/,
    });
    assert.deepEqual(contents(directory), before);
    await open("shop").close();
  });

  it("refuses a directory that a newer version has written and leaves it untouched", async () => {
    await open("shop", 2).close();
    const before = contents(directory);
    assert.throws(() => open("shop", 1), {
      reason: "DATA_DIR_REFUSED",
      message: /a newer version has written it \(format 2, this version understands 1\)/,
    });
    assert.deepEqual(contents(directory), before);
  });

  it("refuses data without a label and a label that is not ours", () => {
    mkdirSync(directory);
    writeFileSync(join(directory, "data.mdb"), "something");
    assert.throws(() => open("shop"), { reason: "DATA_DIR_REFUSED", message: /no layotto.json/ });
    writeFileSync(join(directory, "layotto.json"), '{"product":"other"}');
    assert.throws(() => open("shop"), { reason: "DATA_DIR_REFUSED" });
    writeFileSync(join(directory, "layotto.json"), "{");
    assert.throws(() => open("shop"), { reason: "DATA_DIR_REFUSED", message: /cannot be read/ });
    assert.deepEqual(readdirSync(directory).toSorted(), ["data.mdb", "layotto.json"]);
  });

  it("makes the directory for its owner only", async () => {
    await open("shop").close();
    assert.equal(statSync(directory).mode & 0o777, 0o700);
  });

  it("writes the old format until the last old process has left", async () => {
    await open("test", 1).close();
    const old = await startHolder(directory);
    const fresh = open("test", 2);
    assert.equal(fresh.format, 1);
    await fresh.sweep();
    assert.equal(fresh.format, 1);
    await old.kill();
    await fresh.sweep();
    assert.equal(fresh.format, 2);
    assert.match(readFileSync(join(directory, "layotto.json"), "utf8"), /"format":2/);
    await fresh.close();
    assert.throws(() => open("test", 1), { reason: "DATA_DIR_REFUSED" });
  });

  it("joins who has the directory open and closes with the last one", async () => {
    const [a, b] = [open("test"), open("test")];
    assert.equal(a, b);
    await a.close();
    await b.write(() => undefined, "sync");
    await b.close();
    assert.ok(existsSync(join(directory, "data.mdb")));
  });

  it("write puts the writes of one turn into one transaction, and one that fails harms no other", async () => {
    const environment = open("test");
    const table = environment.table("state");
    const ids = await Promise.allSettled([
      environment.write(() => table.getWriteTxnId(), "sync"),
      environment.write(() => {
        throw new Error("no");
      }, "sync"),
      environment.write(() => table.getWriteTxnId(), "async"),
    ]);
    assert.deepEqual(
      ids.map((id) => id.status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    const [first, , last] = ids;
    assert.ok(first.status === "fulfilled" && last.status === "fulfilled");
    assert.equal(first.value, last.value);
    await environment.close();
  });

  it("openTable keeps keys of arrays and numbers in their order", async () => {
    const environment = open("test");
    const table = environment.openTable<{ n: number }, [string, number]>("log", {
      encoding: "json",
    });
    await environment.write(() => {
      for (const n of [10, 9, -1]) table.putSync(["a", n], { n });
      table.putSync(["b", 0], { n: 0 });
    }, "sync");
    table.resetReadTxn();
    const found = table.getRange({ start: ["a", 0], end: ["b", -Infinity] });
    assert.deepEqual(
      Array.from(found, ({ key, value }) => [key, value.n]),
      [
        [["a", 9], 9],
        [["a", 10], 10],
      ],
    );
    await environment.close();
  });

  it("takes 30 tables of capabilities, but not its own", async () => {
    const environment = open("test");
    for (let i = 0; i < 30; i++) environment.table(`t${i}`);
    for (const name of ["meta", "expiry"]) {
      assert.throws(() => environment.table(name), /Cannot use table/);
    }
    await environment.close();
  });

  it("isAlive knows itself, another holder, and when that has crashed", async () => {
    const environment = open("test");
    const other = await startHolder(directory);
    assert.notEqual(other.holderId, environment.holderId);
    assert.ok(environment.isAlive(environment.holderId));
    assert.ok(environment.isAlive(other.holderId));
    await other.kill();
    assert.ok(!environment.isAlive(other.holderId));
    await environment.close();
  });

  it("isAlive takes a process of an earlier boot, one that had the same id, and other text for dead", async () => {
    const environment = open("test");
    const [pid, started, boot] = environment.holderId.split("/");
    for (const id of [`${pid}/${started}/x`, `${pid}/1/${boot}`, "", "0//", `-1//${boot}`]) {
      assert.ok(!environment.isAlive(id), id);
    }
    await environment.close();
  });

  it("isShared: while another process that runs has the directory open", async () => {
    const environment = open("test");
    assert.ok(!environment.isShared());
    const other = await startHolder(directory);
    environment.table("t").resetReadTxn();
    assert.ok(environment.isShared());
    await other.kill();
    assert.ok(!environment.isShared());
    await environment.close();
  });

  it("openEnvironment goes by the path, or the caller's directory in the data directory", async () => {
    const context = { dataDir: temporary.path, installation: "test" };
    const named = openEnvironment({ durability: "sync" }, context, "queue");
    const own = openEnvironment({ path: directory, durability: "sync" }, context);
    await Promise.all([named.close(), own.close()]);
    assert.deepEqual(readdirSync(temporary.path).toSorted(), ["embedded", "queue"]);
  });

  function open(installation: string, format?: number): Environment {
    return Environment.open({ directory, installation, ...(format !== undefined && { format }) });
  }
});

/** Names and bytes of a directory; the lock file of lmdb holds no data. */
function contents(directory: string): Record<string, string> {
  const names = readdirSync(directory).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(directory, name)).toString("base64")]),
  );
}
