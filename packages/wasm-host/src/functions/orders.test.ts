import assert from "node:assert/strict";
import { test } from "node:test";
import { Orders } from "./orders.ts";

function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

test("Orders.run runs orders of one key one after the other, those of others at once", async () => {
  const orders = new Orders();
  const log: string[] = [];
  const first = gate();
  const a1 = orders.run("a", async () => {
    log.push("a1");
    await first.opened;
    log.push("a1 over");
  });
  const a2 = orders.run("a", () => Promise.resolve(log.push("a2")));
  const b = orders.run("b", () => Promise.resolve(log.push("b")));
  await b;
  assert.deepEqual(log, ["a1", "b"]);
  first.open();
  await Promise.all([a1, a2]);
  assert.deepEqual(log, ["a1", "b", "a1 over", "a2"]);
});

test("Orders.run goes on after an order that failed, whose caller hears it", async () => {
  const orders = new Orders();
  const failing = orders.run("a", () => Promise.reject(new Error("no")));
  const next = orders.run("a", () => Promise.resolve("done"));
  await assert.rejects(failing, /no/);
  assert.equal(await next, "done");
  await orders.idle();
});
