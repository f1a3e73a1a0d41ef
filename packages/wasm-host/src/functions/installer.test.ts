import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settle } from "@layotto/sidecar-kit/testing";
import { fakeModule } from "./testing/index.ts";
import { file, settingsOf, tested } from "./testing/test-installer.ts";

describe("Installer.apply", () => {
  test("installs what is configured and watches its files", async () => {
    const t = tested();
    t.modules.set("/a.wasm", "a").set("/b.wasm", "b");
    const all = [settingsOf("a", [file("/a.wasm")]), settingsOf("b", [file("/b.wasm")])];
    await t.installer.apply(all, []);
    assert.deepEqual([t.ask("a"), t.ask("b")], ["a", "b"]);
    assert.deepEqual(t.watched, ["/a.wasm", "/b.wasm"]);
  });

  test("lists what cannot be read and installs it when its file appears", async () => {
    const t = tested();
    const settings = settingsOf("a", [file("/a.wasm")]);
    await t.installer.apply([settings], []);
    assert.equal(t.functions.directory.named("a")?.fault, 'cannot read "/a.wasm"');
    assert.deepEqual(t.watched, ["/a.wasm"]);
    t.modules.set("/a.wasm", "a");
    await t.installer.fileChanged("/a.wasm");
    assert.equal(t.ask("a"), "a");
    await t.installer.fileChanged("/other.wasm");
    assert.equal(t.fetched.length, 2);
  });

  test("takes over only what differs from the configuration before", async () => {
    const t = tested();
    for (const name of ["a", "b", "c"]) t.modules.set(`/${name}.wasm`, name);
    const [a, b, c] = ["a", "b", "c"].map((name) => settingsOf(name, [file(`/${name}.wasm`)]));
    assert.ok(a && b && c);
    await t.installer.apply([a, b], []);
    t.fetched.length = 0;
    const changed = { ...b, routes: [{ path: "/b" }] };
    await t.installer.apply([changed, c], [a, b]);
    assert.deepEqual(t.fetched, ["/b.wasm", "/c.wasm"]);
    assert.deepEqual([t.ask("a"), t.ask("b"), t.ask("c")], [undefined, "b", "c"]);
    assert.equal(t.functions.directory.route("h", "/b")?.name, "b");
    assert.deepEqual(t.watched, ["/b.wasm", "/c.wasm"]);
  });

  test("leaves alone what was uninstalled and ordered since", async () => {
    const t = tested();
    t.modules.set("/a.wasm", "a").set("/b.wasm", "b");
    const a = settingsOf("a", [file("/a.wasm")]);
    await t.installer.apply([a], []);
    await t.installer.uninstall("a");
    await t.order(settingsOf("a", [file("/b.wasm")]));
    await t.installer.apply([], [a]);
    assert.equal(t.ask("a"), "b", "it is the order's now");
    assert.deepEqual(t.watched, ["/b.wasm"]);
  });

  test("asks servers again, at ever longer intervals, until they answer", async () => {
    const t = tested();
    const url = "https://modules.example/a.wasm";
    await t.installer.apply([settingsOf("a", [{ kind: "url", url }])], []);
    await t.context.clock.advance(1000);
    await settle();
    assert.equal(t.fetched.length, 2);
    t.modules.set(url, "a");
    await t.context.clock.advance(2000);
    await settle();
    assert.equal(t.ask("a"), "a");
    await t.context.clock.advance(600_000);
    assert.equal(t.fetched.length, 3);
  });

  test("tries again what does not start, unless its file has changed", async () => {
    const t = tested();
    t.modules.set("/a.wasm", "refuses");
    t.engine.refuses = true;
    await t.installer.apply([settingsOf("a", [file("/a.wasm")])], []);
    assert.match(t.functions.directory.named("a")?.fault ?? "", /does not start/);
    t.engine.refuses = false;
    await t.context.clock.advance(1000);
    await settle();
    assert.equal(t.ask("a"), "refuses");
    await t.context.clock.advance(600_000);
    assert.equal(t.fetched.length, 2);
  });

  test("does not bring back what is uninstalled while its module is read", async () => {
    const t = tested();
    t.modules.set("/a.wasm", "v1");
    await t.installer.apply([settingsOf("a", [file("/a.wasm")])], []);
    t.modules.set("/a.wasm", "v2");
    const changed = t.installer.fileChanged("/a.wasm");
    await t.installer.uninstall("a");
    await changed;
    assert.equal(t.ask("a"), undefined);
  });

  test("does not bring back what is uninstalled while its order is carried out", async () => {
    const t = tested();
    t.modules.set("/a.wasm", "v1").set("/b.wasm", "v1");
    let open = (): void => {};
    t.engine.gate = new Promise((resolve) => (open = resolve));
    const orders = [
      t.order(settingsOf("a", [file("/a.wasm")])),
      t.installer.apply([settingsOf("b", [file("/b.wasm")])], []),
    ];
    for (let i = 0; i < 10 && t.engine.log.length < 2; i++) await settle();
    assert.deepEqual(t.engine.log, ["load v1", "load v1"]);
    const gone = [t.installer.uninstall("a"), t.installer.uninstall("b")];
    open();
    await Promise.all([...orders, ...gone]);
    assert.deepEqual([t.ask("a"), t.ask("b"), t.watched], [undefined, undefined, []]);
    await Promise.all([t.installer.fileChanged("/a.wasm"), t.installer.fileChanged("/b.wasm")]);
    assert.deepEqual([t.ask("a"), t.ask("b")], [undefined, undefined]);
  });

  test("installs what is configured again while its uninstalling waits", async () => {
    const t = tested();
    t.modules.set("/a.wasm", "v1").set("/b.wasm", "v2");
    const before = settingsOf("a", [file("/a.wasm")]);
    await t.installer.apply([before], []);
    let open = (): void => {};
    t.engine.gate = new Promise((resolve) => (open = resolve));
    t.modules.set("/a.wasm", "v3");
    const changed = t.installer.fileChanged("/a.wasm");
    await settle();
    const gone = t.installer.uninstall("a");
    const applied = t.installer.apply([settingsOf("a", [file("/b.wasm")])], [before]);
    open();
    await Promise.all([changed, gone, applied]);
    assert.equal(t.ask("a"), "v2");
    assert.deepEqual(t.watched, ["/b.wasm"]);
  });

  test("installs a thousand functions some at a time", async () => {
    const t = tested();
    const names = Array.from({ length: 1000 }, (_, i) => `f${i}`);
    for (const name of names) t.modules.set(`/${name}.wasm`, name);
    await t.installer.apply(names.map((name) => settingsOf(name, [file(`/${name}.wasm`)])), []); // prettier-ignore
    assert.equal(t.ask("f0"), "f0");
    assert.equal(t.ask("f999"), "f999");
  });
});

describe("Installer.fileChanged", () => {
  test("replaces all functions whose module the file is", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    await t.installer.apply([settingsOf("a", [file("/x.wasm")]), settingsOf("b", [file("/x.wasm")])], []); // prettier-ignore
    t.modules.set("/x.wasm", "v2");
    await t.installer.fileChanged("/x.wasm");
    assert.deepEqual([t.ask("a"), t.ask("b")], ["v2", "v2"]);
  });

  test("leaves the old version to serve when the file is bad or gone", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    await t.installer.apply([settingsOf("a", [file("/x.wasm")])], []);
    t.modules.set("/x.wasm", "bad");
    await t.installer.fileChanged("/x.wasm");
    assert.equal(t.ask("a"), "v1");
    t.modules.delete("/x.wasm");
    await t.installer.fileChanged("/x.wasm");
    assert.equal(t.ask("a"), "v1");
  });
});

describe("Installer.install", () => {
  test("follows the file of an order, too", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "v1");
    await t.order(settingsOf("a", [file("/x.wasm")]));
    assert.deepEqual(t.watched, ["/x.wasm"]);
    t.modules.set("/x.wasm", "v2");
    await t.installer.fileChanged("/x.wasm");
    assert.equal(t.ask("a"), "v2");
  });

  test("takes a module that comes along", async () => {
    const t = tested();
    await t.order(settingsOf("a", []), fakeModule("sent"));
    assert.equal(t.ask("a"), "sent");
    assert.deepEqual(t.fetched, []);
    assert.deepEqual(t.watched, []);
  });

  test("leaves nothing of an order that fails", async () => {
    const t = tested();
    await assert.rejects(t.order(settingsOf("a", [file("/x.wasm")])), /cannot read/);
    assert.deepEqual(t.watched, []);
    assert.equal(t.ask("a"), undefined);
    t.modules.set("/x.wasm", "bad");
    await assert.rejects(t.order(settingsOf("a", [file("/x.wasm")])), /no module/);
    assert.equal(t.ask("a"), undefined);
    t.modules.set("/x.wasm", "v1");
    await t.order(settingsOf("a", [file("/x.wasm")]));
    t.fetched.length = 0;
    await assert.rejects(t.order(settingsOf("a", [file("/x.wasm")])), /already/);
    assert.deepEqual(t.fetched, [], "nothing is fetched for a name that is taken");
    assert.deepEqual([...t.kept.keys()], ["a"]);
  });
});

describe("Installer.folderFile", () => {
  test("installs, replaces and removes the function that the file is called like", async () => {
    const t = tested();
    const path = "/folder/shop.wasm";
    t.modules.set(path, "v1");
    await t.installer.folderFile("shop", path);
    assert.equal(t.ask("shop"), "v1");
    t.modules.set(path, "v2");
    await t.installer.folderFile("shop", path);
    assert.equal(t.ask("shop"), "v2");
    assert.deepEqual(t.watched, [], "its folder is watched already");
    await t.installer.folderGone("shop", path);
    assert.equal(t.ask("shop"), undefined);
  });

  test("gives a configured function without a place its module", async () => {
    const t = tested();
    const path = "/folder/shop.wasm";
    const settings = settingsOf("shop", [], { routes: [{ path: "/s" }] });
    await t.installer.apply([settings], []);
    assert.match(
      t.functions.directory.named("shop")?.fault ?? "",
      /"shop.wasm" in a watched folder/,
    );
    t.modules.set(path, "v1");
    await t.installer.folderFile("shop", path);
    assert.equal(t.functions.directory.route("h", "/s")?.name, "shop");
    assert.equal(t.ask("shop"), "v1");
    await t.installer.folderGone("shop", path);
    assert.equal(t.call("shop")?.result, "start");
    await t.installer.folderFile("shop", path);
    await t.installer.apply([], [settings]);
    assert.equal(t.ask("shop"), "v1", "without its entry it is a plain one");
    assert.equal(t.functions.directory.hasRoutes, false);
  });

  test("gives a function that is about to be configured its module, and nothing is missed", async () => {
    const t = tested();
    const path = "/folder/shop.wasm";
    const settings = settingsOf("shop", [], { routes: [{ path: "/s" }] });
    t.modules.set(path, "v1");
    t.installer.know([settings]);
    await Promise.all([t.installer.folderFile("shop", path), t.installer.apply([settings], [])]);
    assert.equal(t.functions.directory.route("h", "/s")?.name, "shop");
    assert.equal(t.ask("shop"), "v1");
    t.context.logger.flush();
    assert.ok(!t.context.lines.some(({ level }) => level === "warn"));
  });

  test("does not take over a name that is used otherwise", async () => {
    const t = tested();
    t.modules.set("/x.wasm", "x").set("/f/a.wasm", "a").set("/g/b.wasm", "g").set("/f/b.wasm", "f");
    await t.installer.apply([settingsOf("a", [file("/x.wasm")])], []);
    await t.installer.folderFile("a", "/f/a.wasm");
    assert.equal(t.ask("a"), "x");
    await t.installer.folderFile("b", "/f/b.wasm");
    await t.installer.folderFile("b", "/g/b.wasm");
    assert.equal(t.ask("b"), "f");
    await t.installer.folderGone("b", "/g/b.wasm");
    assert.equal(t.ask("b"), "f");
    t.context.logger.flush();
    const warnings = t.context.lines.filter(({ level }) => level === "warn");
    assert.equal(warnings.length, 2);
  });

  test("says nothing of a file that is configured by its path", async () => {
    const t = tested();
    t.modules.set("/f/a.wasm", "a");
    await t.installer.apply([settingsOf("a", [file("/f/a.wasm")])], []);
    await t.installer.folderFile("a", "/f/a.wasm");
    await t.installer.folderGone("a", "/f/a.wasm");
    assert.equal(t.ask("a"), "a");
    t.context.logger.flush();
    assert.ok(!t.context.lines.some(({ level }) => level === "warn"));
  });
});
