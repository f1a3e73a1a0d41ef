import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settle } from "@layotto/sidecar-kit/testing";
import { fakeModule } from "./testing/index.ts";
import { file, settingsOf, tested } from "./testing/test-installer.ts";

describe("Installer.install", () => {
  test("leaves nothing of an order that cannot be kept", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    t.fault = new Error("disk full");
    await assert.rejects(t.order(settingsOf("a", [file("/x.wasm")])), /disk full/);
    assert.equal(t.ask("a"), undefined);
    assert.deepEqual(t.watched, []);
    t.fault = undefined;
    await t.order(settingsOf("a", [file("/x.wasm")]));
    assert.equal(t.ask("a"), "v1");
  });

  test("keeps orders until they are taken back", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1").set("/b.wasm", "b");
    await t.order(settingsOf("a", [file("/x.wasm")]));
    await t.installer.apply([settingsOf("b", [file("/b.wasm")])], []);
    await t.installer.resize("a", 3);
    await t.installer.resize("b", 3);
    assert.deepEqual([...t.kept.values()].map(({ body }) => body), [{ name: "a", instance_num: 3 }]); // prettier-ignore
    await t.installer.uninstall("a");
    assert.deepEqual([...t.kept], []);
  });

  test("says that an order which is taken back would come again", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    await t.order(settingsOf("a", [file("/x.wasm")]));
    t.fault = new Error("read-only");
    await assert.rejects(t.installer.uninstall("a"), /read-only/);
    assert.equal(t.ask("a"), undefined);
  });

  test("keeps nothing of what is uninstalled while it is kept", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    const order = t.order(settingsOf("a", [file("/x.wasm")]));
    while (t.ask("a") === undefined) await settle();
    await Promise.all([order, t.installer.uninstall("a")]);
    assert.equal(t.ask("a"), undefined);
    assert.deepEqual([...t.kept], []);
  });
});

describe("Installer.ordered", () => {
  test("brings back what was ordered, with the module that came along", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    const module = Buffer.from(fakeModule("sent")).toString("base64");
    t.kept.set("sent", { body: { module }, baseDir: "/" });
    await Promise.all([
      t.installer.ordered(settingsOf("sent", [])),
      t.installer.ordered(settingsOf("a", [file("/x.wasm")])),
    ]);
    assert.deepEqual([t.ask("sent"), t.ask("a")], ["sent", "v1"]);
    assert.deepEqual(t.watched, ["/x.wasm"]);
    await t.installer.orderGone("a");
    assert.equal(t.ask("a"), undefined);
    await t.installer.uninstall("sent");
    assert.deepEqual([...t.kept], []);
  });

  test("lists what cannot be installed again, and tries servers again", async () => {
    const t = tested();
    const url = "https://modules.example/a.wasm";
    await t.installer.ordered(settingsOf("a", [{ kind: "url", url }]));
    assert.match(t.functions.directory.named("a")?.fault ?? "", /cannot read/);
    t.modules.set(url, "late");
    await t.context.clock.advance(1000);
    await settle();
    assert.equal(t.ask("a"), "late");
  });

  test("leaves to the configuration what it names, and forgets the order", async () => {
    const t = tested();
    t.modules.set("/c.wasm", "configured").set("/x.wasm", "ordered");
    const configured = settingsOf("a", [file("/c.wasm")]);
    const ordered = settingsOf("a", [file("/x.wasm")]);
    t.kept.set("a", { body: {}, baseDir: "/" });
    t.installer.know([configured]);
    await t.installer.ordered(ordered);
    await t.installer.apply([configured], []);
    assert.equal(t.ask("a"), "configured");
    assert.deepEqual([...t.kept], []);
    await t.order(settingsOf("b", [file("/x.wasm")]));
    await t.installer.apply([configured, settingsOf("b", [file("/c.wasm")])], [configured]);
    assert.equal(t.ask("b"), "configured");
    assert.deepEqual([...t.kept], []);
  });

  test("leaves alone what is in a watched folder", async () => {
    const t = tested();
    t.modules.set("/f/a.wasm", "folder").set("/x.wasm", "ordered");
    await t.installer.folderFile("a", "/f/a.wasm");
    t.kept.set("a", { body: {}, baseDir: "/" });
    await t.installer.ordered(settingsOf("a", [file("/x.wasm")]));
    assert.equal(t.ask("a"), "folder");
    await t.installer.orderGone("a");
    assert.equal(t.ask("a"), "folder");
    assert.equal(t.kept.size, 1);
  });
});
