import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { eventually, tempDir } from "@layotto/sidecar-kit/testing";
import { WasmError } from "../errors.ts";
import { OrderBook } from "./order-book.ts";
import type { OrderRecord } from "./order-file.ts";

const record = (body: Record<string, unknown>): OrderRecord => ({ body, baseDir: "/srv" });

/** A book in a folder, and what it tells. */
function bookIn(t: TestContext, dir: string, pollMs = 60_000) {
  const book = new OrderBook({ dir, pollMs });
  const events: string[] = [];
  t.after(() => book.stop());
  const follow = () =>
    book.follow({
      onOrder: (name, { body }) => events.push(`${name} ${JSON.stringify(body)}`),
      onGone: (name) => events.push(`${name} gone`),
      onFault: ({ message }) => events.push(message),
    });
  return { book, events, follow };
} // prettier-ignore

describe("OrderBook", () => {
  test("keeps orders for the next process, whatever functions are called", async (t) => {
    const dir = join(tempDir(t), "not", "there");
    const { book } = bookIn(t, dir);
    const names = ["shop", ".", "..", ".hidden", "%2Ex", "a:b*c?", "x".repeat(200)];
    for (const name of names) await book.keep(name, record({ name, path: "a.wasm" }));
    await book.amend("shop", { instance_num: 3 });
    await book.amend("nobody", { instance_num: 3 });
    await book.forget("..");
    await book.forget("nobody");
    const next = bookIn(t, dir);
    await next.follow();
    const told = names.filter((name) => name !== "..").map((name) => {
      const more = name === "shop" ? { instance_num: 3 } : {};
      return `${name} ${JSON.stringify({ name, path: "a.wasm", ...more })}`;
    }); // prettier-ignore
    assert.deepEqual(next.events.toSorted(), told.toSorted());
    assert.deepEqual(await next.book.read("shop"), record({ name: "shop", path: "a.wasm", instance_num: 3 })); // prettier-ignore
    assert.equal(await next.book.read(".."), undefined);
  });

  test("is read by nobody else", async (t) => {
    const dir = join(tempDir(t), "orders");
    const { book } = bookIn(t, dir);
    await book.keep("shop", record({ config: { password: "x" } }));
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    assert.equal(statSync(join(dir, "shop.json")).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(dir), ["shop.json"]);
  });

  test("tells of what other processes do, and not of its own orders", async (t) => {
    const dir = join(tempDir(t), "orders");
    const [one, two] = [bookIn(t, dir), bookIn(t, dir)];
    await Promise.all([one.follow(), two.follow()]);
    await one.book.keep("a", record({ n: 1 }));
    await eventually("order", () => two.events.length === 1);
    await two.book.amend("a", { n: 2 });
    await eventually("change", () => one.events.length === 1);
    await two.book.forget("a");
    await eventually("end", () => one.events.length === 2);
    await one.book.keep("b", record({}));
    await eventually("next", () => two.events.length === 2);
    assert.deepEqual(one.events, ['a {"n":2}', "a gone"]);
    assert.deepEqual(two.events, ['a {"n":1}', "b {}"]);
  });

  test("sees orders without events of the folder, too", async (t) => {
    const dir = join(tempDir(t), "orders");
    const { events, follow } = bookIn(t, dir, 20);
    await follow();
    // What was watched is another folder now.
    rmSync(dir, { recursive: true });
    mkdirSync(dir);
    const other = bookIn(t, dir);
    await other.book.keep("a", record({}));
    await eventually("order", () => events.includes("a {}"));
  });

  test("names files that are no orders, and leaves them alone", async (t) => {
    const dir = tempDir(t);
    const files = { "a.json": "{", "b.json": '{"format":2,"baseDir":"/","body":{}}', "c.json": '{"format":1,"baseDir":"/","body":7}' }; // prettier-ignore
    for (const [file, text] of Object.entries({ ...files, ".tmp.json": "", "%.json": "", note: "" })) writeFileSync(join(dir, file), text); // prettier-ignore
    const { events, follow, book } = bookIn(t, dir);
    await follow();
    assert.equal(events.length, 3);
    for (const [i, file] of Object.keys(files).entries()) {
      assert.match(events[i] ?? "", new RegExp(`${file}" is no order of this version: remove it`));
      assert.ok(existsSync(join(dir, file)));
    }
    await book.keep("b", record({}));
    assert.deepEqual(await book.read("b"), record({}));
  });

  test("says what to do when it cannot keep an order", async (t) => {
    const dir = tempDir(t);
    const file = join(dir, "file");
    writeFileSync(file, "");
    const { book, events, follow } = bookIn(t, join(file, "orders"));
    await follow();
    assert.match(events.join("\n"), /^ENOTDIR: [^\n]*$/);
    await assert.rejects(book.keep("a", record({})), (error) => {
      assert.ok(error instanceof WasmError);
      assert.deepEqual([error.reason, error.status], ["ORDER_NOT_KEPT", 500]);
      assert.match(error.message, /^Cannot keep the order for function "a": E\w+: .*: make ".*orders" writable, or choose another data_dir$/); // prettier-ignore
      return true;
    });
  });

  test("refuses an order of a name that another process has just kept", async (t) => {
    const dir = join(tempDir(t), "orders");
    const [one, two] = [bookIn(t, dir), bookIn(t, dir)];
    await one.book.keep("a", record({ n: 1 }));
    await assert.rejects(two.book.keep("a", record({ n: 2 })), { reason: "NAME_TAKEN" });
    assert.deepEqual(await two.book.read("a"), record({ n: 1 }));
    await one.book.keep("a", record({ n: 3 }));
    assert.deepEqual(await two.book.read("a"), record({ n: 3 }));
  });

  test("takes what it cannot look at for neither gone nor new, and tells it when it can", async (t) => {
    const dir = tempDir(t);
    const { book, events, follow } = bookIn(t, dir, 20);
    await book.keep("a", record({ n: 1 }));
    // Links that go round cannot be looked at by anybody.
    const files = { a: join(dir, "a.json"), b: join(dir, "b.json"), kept: join(dir, ".kept") };
    renameSync(files.a, files.kept);
    symlinkSync(files.a, files.a);
    symlinkSync(files.b, files.b);
    await follow();
    await eventually("complaint", () => events.length > 0);
    assert.match(events[0] ?? "", /^ELOOP/);
    renameSync(files.kept, files.a);
    rmSync(files.b);
    writeFileSync(files.b, JSON.stringify({ format: 1, baseDir: "/", body: { n: 2 } }));
    await eventually("order", () => events.includes('b {"n":2}'));
    assert.deepEqual(events.filter((each) => !each.startsWith("ELOOP")), ['b {"n":2}']); // prettier-ignore
  });

  test("removes what others have left half written, long ago", async (t) => {
    const dir = tempDir(t);
    for (const name of [".1.left", ".2.fresh"]) writeFileSync(join(dir, name), "{");
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(dir, ".1.left"), longAgo, longAgo);
    await bookIn(t, dir).follow();
    assert.deepEqual(readdirSync(dir), [".2.fresh"]);
  });

  test("tells of an order once more when it is wanted again", async (t) => {
    const { book, events, follow } = bookIn(t, join(tempDir(t), "orders"));
    await follow();
    await book.keep("a", record({ n: 1 }));
    assert.equal(book.has("a"), true);
    book.tellAgain("a");
    await eventually("order", () => events.length === 1);
    assert.deepEqual(events, ['a {"n":1}']);
    await book.forget("a");
    assert.equal(book.has("a"), false);
  });

  test("asks for a shorter name where the file system has no such long ones", async (t) => {
    const { book } = bookIn(t, join(tempDir(t), "orders"));
    await assert.rejects(book.keep("%".repeat(200), record({})), /choose a shorter name$/);
  });
});
