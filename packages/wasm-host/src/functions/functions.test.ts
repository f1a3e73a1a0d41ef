import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settle, type TestContext } from "@layotto/sidecar-kit/testing";
import { WasmError, type WasmReason } from "../errors.ts";
import { KEPT_VERSIONS } from "./installed-function.ts";
import { planOf, testFunctions } from "./testing/index.ts";

const refused = (reason: WasmReason, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof WasmError);
  assert.equal(error.reason, reason);
  assert.match(error.message, message);
  return true;
};

function logged(context: TestContext, message: string): Record<string, unknown>[] {
  context.logger.flush();
  return context.lines.filter(({ msg }) => msg === message);
}

describe("Functions.install", () => {
  test("makes a function callable by name and by the id that its guest reports", async () => {
    const { functions, ask, context } = testFunctions();
    await functions.install(planOf("shop", "v1 id=id_1"));
    assert.equal(ask("id_1"), "v1 id=id_1");
    assert.equal(ask("shop"), "v1 id=id_1");
    assert.equal(ask("other"), undefined);
    const [line] = logged(context, "function installed");
    assert.equal(line?.["function"], "shop");
    assert.equal(line?.["id"], "id_1");
    assert.equal(line?.["version"], 1);
  });

  test("refuses a name that is taken, also as an id, in Layotto's words", async () => {
    const { functions, ask } = testFunctions();
    await functions.install(planOf("shop", "v1 id=id_1"));
    for (const name of ["shop", "id_1"]) {
      await assert.rejects(
        functions.install(planOf(name, "v2")),
        refused("NAME_TAKEN", new RegExp(`^${name} is already registered$`)),
      );
    }
    assert.equal(ask("shop"), "v1 id=id_1");
  });

  test("leaves nothing of a function whose module is bad", async () => {
    const { functions, engine, ask } = testFunctions();
    await assert.rejects(
      functions.install(planOf("shop", { good: 1, bad: 1 })),
      refused("NOT_A_MODULE", /no module/),
    );
    assert.equal(ask("shop"), undefined);
    assert.equal(engine.loaded.size, 0, "the good one is unloaded");
    await functions.install(planOf("shop", "good"));
    assert.equal(ask("shop"), "good");
  });

  test("lets one of two orders at the same time win", async () => {
    const { functions, ask } = testFunctions();
    const both = await Promise.allSettled([
      functions.install(planOf("shop", "v1")),
      functions.install(planOf("shop", "v2")),
    ]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    assert.equal(ask("shop"), "v1");
  });
});

describe("Functions.put", () => {
  test("replaces a function: warms the new version, switches, unloads the old one", async () => {
    const { functions, engine, ask } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    assert.equal(await functions.put(planOf("shop", "v2")), "replaced");
    assert.equal(ask("shop"), "v2");
    await functions.settled();
    assert.deepEqual(engine.log, ["load v1", "load v2", "warm v2 1", "unload v1"]);
    assert.deepEqual([...engine.loaded].map(({ text }) => text), ["v2"]); // prettier-ignore
  });

  test("keeps calls on the version that they began with", async () => {
    const { functions, engine, call } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    let release = (): void => {};
    engine.gate = new Promise((resolve) => (release = resolve));
    const replaced = functions.put(planOf("shop", "v2"));
    await settle();
    const early = call("shop");
    assert.equal(engine.lastCall.version.text, "v1");
    const inFlight = engine.lastCall;
    release();
    await replaced;
    call("shop");
    assert.equal(engine.lastCall.version.text, "v2");
    inFlight.answer("late");
    assert.equal(early?.result, "late");
  });

  test("does nothing for the same module and definition", async () => {
    const { functions, engine } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    assert.equal(await functions.put(planOf("shop", "v1")), "unchanged");
    assert.deepEqual(engine.log, ["load v1"]);
    assert.equal(await functions.put(planOf("shop", "v1", { rootContextId: 2 })), "replaced");
  });

  test("takes over routes and weights without loading the modules again", async () => {
    const { functions, engine } = testFunctions();
    await functions.put(planOf("shop", { v1: 90, v2: 10 }));
    const routes = [{ path: "/shop" }];
    assert.equal(await functions.put(planOf("shop", { v1: 50, v2: 50 }, { routes })), "replaced");
    assert.deepEqual(engine.log, ["load v1", "load v2"]);
    assert.equal(functions.directory.route("any", "/shop")?.name, "shop");
    await functions.put(planOf("shop", { v1: 50, v2: 50 }));
    assert.equal(functions.directory.route("any", "/shop"), undefined);
  });

  test("lets the old version serve when the new one is bad, and says so once per content", async () => {
    const { functions, context, ask } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    for (const text of ["bad 1", "bad 1", "bad 2"]) {
      await assert.rejects(functions.put(planOf("shop", text)), refused("NOT_A_MODULE", /shop/));
      assert.equal(ask("shop"), "v1");
    }
    const lines = logged(context, "function not installed");
    assert.equal(lines.length, 2);
    assert.equal(lines[0]?.["goesOn"], "1");
    assert.match(functions.directory.named("shop")?.fault ?? "", /no module/);
    await functions.put(planOf("shop", "v1"));
    assert.equal(functions.directory.named("shop")?.fault, undefined);
  });

  test("lists a function whose first module is bad with its fault, and says so to its callers", async () => {
    const { functions, call, ask } = testFunctions();
    await assert.rejects(functions.put(planOf("shop", "bad", { routes: [{ path: "/s" }] })));
    const sink = call("shop");
    assert.equal(sink?.outputs[0]?.fault?.kind, "start");
    assert.equal(functions.directory.route("h", "/s")?.name, "shop");
    assert.equal(await functions.put(planOf("shop", "good")), "installed");
    assert.equal(ask("shop"), "good");
  });

  test("keeps the last versions for a rollback and lets go of older ones", async () => {
    const { functions } = testFunctions();
    for (let i = 1; i <= KEPT_VERSIONS + 3; i++) await functions.put(planOf("shop", `v${i}`));
    const shop = functions.directory.named("shop");
    assert.deepEqual(
      shop?.keptVersions.map(({ number }) => number),
      [5, 4, 3],
    );
    assert.equal(shop?.swaps, 5);
  });
});

test("Functions.put keeps nothing that is active, or kept already", async () => {
  const { functions } = testFunctions();
  for (const text of ["v1", "v2", "v1", "v2", "v1"]) await functions.put(planOf("shop", text));
  const kept = functions.directory.named("shop")?.keptVersions;
  assert.deepEqual(kept?.map(({ number }) => number), [4]); // prettier-ignore
});

describe("Functions.refuse", () => {
  test("lists what cannot be read; a function that serves goes on", async () => {
    const { functions, ask, context } = testFunctions();
    const error = new WasmError("SOURCE_UNREADABLE", 422, "Cannot read it");
    await functions.refuse(planOf("shop", "unread"), error);
    await functions.refuse(planOf("shop", "unread"), error);
    assert.equal(functions.directory.named("shop")?.fault, "Cannot read it");
    assert.equal(logged(context, "function not installed").length, 1);
    await functions.put(planOf("shop", "v1"));
    await functions.refuse(planOf("shop", "unread"), error);
    assert.equal(ask("shop"), "v1");
  });
});

describe("Functions.uninstall", () => {
  test("removes a function by name or id, with all that report the id", async () => {
    const { functions, engine, ask } = testFunctions();
    await functions.install(planOf("a", "va id=id_1"));
    await functions.install(planOf("b", "vb id=id_1"));
    await functions.install(planOf("c", "vc"));
    await functions.uninstall("id_1");
    await functions.uninstall("c");
    await functions.settled();
    for (const name of ["a", "b", "c", "id_1"]) assert.equal(ask(name), undefined);
    assert.equal(engine.loaded.size, 0);
  });

  test("refuses what is not there, in Layotto's words", async () => {
    const { functions } = testFunctions();
    for (const order of [
      functions.uninstall("x"),
      functions.resize("x", 1),
      functions.rollback("x"),
      functions.weigh("x", [1]),
    ]) {
      await assert.rejects(order, refused("NOT_REGISTERED", /^x is not registered$/));
    }
  });

  test("waits for the order before it", async () => {
    const { functions, ask } = testFunctions();
    const orders = [functions.put(planOf("shop", "v1")), functions.uninstall("shop")];
    await Promise.all(orders);
    assert.equal(ask("shop"), undefined);
  });
});

describe("Functions.uninstall by id", () => {
  test("touches no function that has got the name meanwhile", async () => {
    const { functions, engine, ask } = testFunctions();
    await functions.put(planOf("shop", "v1 id=id_1"));
    let open = (): void => {};
    engine.gate = new Promise((resolve) => (open = resolve));
    const replaced = functions.put(planOf("shop", "v2 id=id_1"));
    const byName = functions.uninstall("shop");
    const again = functions.put(planOf("shop", "v3"));
    const byId = functions.uninstall("id_1");
    open();
    await Promise.all([replaced, byName, again]);
    await assert.rejects(byId, refused("NOT_REGISTERED", /id_1 is not registered/));
    assert.equal(ask("shop"), "v3");
    await functions.settled();
    assert.equal(engine.loaded.size, 1);
  });

  test("is told again when the last call is over, unless the name is in use by then", async () => {
    const gone: string[] = [];
    const { functions, engine } = testFunctions({ onUninstall: (name) => gone.push(name) });
    let leave = (): void => {};
    engine.leaving = new Promise((resolve) => (leave = resolve));
    for (const name of ["shop", "other"]) {
      await functions.put(planOf(name, "v1"));
      await functions.uninstall(name);
    }
    await functions.put(planOf("other", "v2"));
    assert.deepEqual(gone, ["shop", "other"]);
    leave();
    await functions.settled();
    await new Promise(setImmediate);
    assert.deepEqual(gone, ["shop", "other", "shop"]);
  });
});

describe("Functions.resize", () => {
  test("stays in force when another definition does not load", async () => {
    const { functions } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    await functions.resize("shop", 7);
    await assert.rejects(functions.put(planOf("shop", "bad", { instances: 3 })));
    assert.equal(functions.directory.named("shop")?.instances, 7);
  });

  test("holds for what runs and for versions to come, until the definition changes", async () => {
    const { functions, engine } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    await functions.resize("shop", 7);
    assert.ok(engine.log.includes("resize v1 7"));
    const instances = () =>
      functions.directory.named("shop")?.activeVersions[0]?.version.loaded.definition.instances;
    await functions.put(planOf("shop", "v2"));
    assert.equal(instances(), 7);
    await functions.put(planOf("shop", "v2", { instances: 3 }));
    assert.equal(instances(), 3);
  });
});

describe("Functions.rollback", () => {
  test("goes back to the version before, or to one by number", async () => {
    const { functions, ask } = testFunctions();
    for (const text of ["v1", "v2", "v3"]) await functions.put(planOf("shop", text));
    await functions.rollback("shop");
    assert.equal(ask("shop"), "v2");
    await functions.rollback("shop", 1);
    assert.equal(ask("shop"), "v1");
    await functions.rollback("shop", 1);
    assert.equal(ask("shop"), "v1");
    const shop = functions.directory.named("shop");
    assert.deepEqual(shop?.keptVersions.map(({ number }) => number).sort(), [2, 3]);
  });

  test("stays in force when the file that was rolled back is seen again", async () => {
    const { functions, ask } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    await functions.put(planOf("shop", "v2"));
    await functions.rollback("shop");
    assert.equal(await functions.put(planOf("shop", "v2")), "unchanged");
    assert.equal(ask("shop"), "v1");
    assert.equal(await functions.put(planOf("shop", "v3")), "replaced");
    assert.equal(ask("shop"), "v3");
  });

  test("names the versions that there are", async () => {
    const { functions } = testFunctions();
    await functions.put(planOf("shop", "v1"));
    await assert.rejects(functions.rollback("shop"), refused("VERSION_UNKNOWN", /no earlier one/));
    await functions.put(planOf("shop", "v2"));
    await assert.rejects(
      functions.rollback("shop", 9),
      refused("VERSION_UNKNOWN", /version 9: kept are 1/),
    );
  });

  test("makes one of several active versions the only one", async () => {
    const { functions, engine, ask } = testFunctions();
    await functions.put(planOf("shop", { v1: 90, v2: 10 }));
    await functions.rollback("shop", 1);
    await functions.settled();
    assert.equal(ask("shop"), "v1");
    assert.deepEqual(engine.log, ["load v1", "load v2", "unload v2"]);
  });
});

describe("Functions.weigh", () => {
  test("shares the calls among versions", async () => {
    const tested = testFunctions();
    const { functions, ask } = tested;
    await functions.put(planOf("shop", { v1: 90, v2: 10 }));
    tested.luck = 0.5;
    assert.equal(ask("shop"), "v1");
    await functions.weigh("shop", [10, 90]);
    assert.equal(ask("shop"), "v2");
    await functions.weigh("shop", [1, 0]);
    tested.luck = 0.99;
    assert.equal(ask("shop"), "v1");
    for (const weights of [[1], [0, 0]]) {
      await assert.rejects(functions.weigh("shop", weights), refused("INVALID_BODY", /2 weights/));
    }
  });
});
