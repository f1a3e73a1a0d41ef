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

  test("leaves to the configuration what it names; without its entry the order is told of again", async () => {
    const t = tested();
    t.modules.set("/c.wasm", "configured").set("/x.wasm", "ordered");
    const configured = settingsOf("a", [file("/c.wasm")]);
    t.kept.set("a", { body: {}, baseDir: "/" });
    t.installer.know([configured]);
    await t.installer.ordered(settingsOf("a", [file("/x.wasm")]));
    await t.installer.apply([configured], []);
    assert.equal(t.ask("a"), "configured");
    assert.equal(t.kept.size, 1, "another process may have another configuration");
    await t.installer.apply([], [configured]);
    assert.deepEqual(t.toldAgain, ["a"]);
    await t.installer.ordered(settingsOf("a", [file("/x.wasm")]));
    assert.equal(t.ask("a"), "ordered");
  });

  test("is not what an order comes to that a configuration has overtaken", async () => {
    const t = tested();
    t.modules.set("/c.wasm", "configured").set("/x.wasm", "ordered");
    let open = (): void => {};
    t.engine.gate = new Promise((resolve) => (open = resolve));
    const order = assert.rejects(t.order(settingsOf("a", [file("/x.wasm")])), /already registered/);
    while (t.engine.log.length === 0) await settle();
    const applied = t.installer.apply([settingsOf("a", [file("/c.wasm")])], []);
    open();
    await Promise.all([order, applied]);
    assert.equal(t.ask("a"), "configured");
    assert.deepEqual([...t.kept], []);
  });

  test("goes on with what was ordered anew while the end of the order before waits for its turn", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1").set("/y.wasm", "v2");
    let open = (): void => {};
    t.engine.gate = new Promise((resolve) => (open = resolve));
    const all = [t.installer.ordered(settingsOf("a", [file("/x.wasm")]))];
    while (t.engine.log.length === 0) await settle();
    all.push(t.installer.orderGone("a"), t.installer.ordered(settingsOf("a", [file("/y.wasm")])));
    open();
    await Promise.all(all);
    assert.equal(t.ask("a"), "v2");
  });

  test("changes the number of instances without another version", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    const settings = settingsOf("a", [file("/x.wasm")]);
    await t.installer.ordered(settings);
    t.modules.set("/x.wasm", "v2");
    await t.installer.ordered({
      ...settings,
      definition: { ...settings.definition, instances: 7 },
    });
    assert.equal(t.ask("a"), "v1");
    assert.equal(t.functions.directory.named("a")?.instances, 7);
  });

  test("can be taken back when its function cannot be had", async () => {
    const t = tested();
    t.kept.set("broken", { body: {}, baseDir: "/" });
    await t.installer.uninstall("broken");
    assert.deepEqual([...t.kept], []);
    await assert.rejects(t.installer.uninstall("broken"), /not registered/);
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
