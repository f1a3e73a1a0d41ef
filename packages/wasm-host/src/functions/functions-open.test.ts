import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settle, type TestContext } from "@layotto/sidecar-kit/testing";
import { CRASHES_TO_REST, FIRST_REST_MS } from "./back-off.ts";
import { planOf, testFunctions } from "./testing/index.ts";

function logged(context: TestContext, message: string): Record<string, unknown>[] {
  context.logger.flush();
  return context.lines.filter(({ msg }) => msg === message);
}

describe("Functions.open", () => {
  test("lets functions of one id take turns, each by the weights of its versions", async () => {
    const tested = testFunctions();
    const { functions, ask } = tested;
    await functions.install(planOf("a", { "a1 id=x": 3, "a2 id=x": 1, "a3 id=y": 4 }));
    await functions.install(planOf("b", "b1 id=x"));
    const seen: Record<string, number> = {};
    for (let i = 0; i < 8; i++) {
      tested.luck = i / 8;
      const text = (ask("x") ?? "").slice(0, 2);
      seen[text] = (seen[text] ?? 0) + 1;
    }
    assert.deepEqual(seen, { a1: 3, a2: 1, b1: 4 });
    assert.equal(ask("y"), "a3 id=y");
  });

  test("goes to the function of a name, whatever others say they are", async () => {
    const { functions, ask } = testFunctions();
    await functions.install(planOf("shop", "shop id=id_1"));
    await functions.install(planOf("evil", "evil id=shop"));
    assert.equal(ask("shop"), "shop id=id_1");
    await functions.uninstall("shop");
    assert.equal(ask("shop"), "evil id=shop");
  });

  test("gives a version that crashes again and again a rest", async () => {
    const { functions, engine, call, ask, context } = testFunctions();
    await functions.install(planOf("shop", "v1"));
    for (let i = 0; i < CRASHES_TO_REST; i++) {
      call("shop");
      engine.lastCall.fail("trap");
    }
    const fault = call("shop")?.outputs[0]?.fault;
    assert.equal(fault?.kind, "back-off");
    assert.equal(Reflect.get(Object(fault), "retryAfterMs"), FIRST_REST_MS);
    await context.clock.advance(FIRST_REST_MS);
    const trial = call("shop");
    assert.equal(call("shop")?.result, "back-off");
    engine.lastCall.answer("fine");
    assert.equal(trial?.result, "fine");
    assert.equal(ask("shop"), "v1");
    assert.equal(functions.directory.named("shop")?.rested, 2);
    const [rest] = logged(context, "function crashes again and again and is given a rest");
    assert.equal(rest?.["ms"], FIRST_REST_MS);
  });

  test("sends the calls of a canary that rests to the other version", async () => {
    const tested = testFunctions();
    const { functions, engine, call } = tested;
    await functions.install(planOf("shop", { v1: 1, v2: 1 }));
    tested.luck = 0.9;
    for (let i = 0; i < CRASHES_TO_REST; i++) {
      call("shop");
      assert.equal(engine.lastCall.version.text, "v2");
      engine.lastCall.fail("trap");
    }
    call("shop");
    assert.equal(engine.lastCall.version.text, "v1");
  });

  test("begins anew with a new version", async () => {
    const { functions, engine, call, ask } = testFunctions();
    await functions.install(planOf("shop", "v1"));
    for (let i = 0; i < CRASHES_TO_REST; i++) {
      call("shop");
      engine.lastCall.fail("trap");
    }
    await functions.put(planOf("shop", "v2"));
    assert.equal(ask("shop"), "v2");
  });

  test("tries again when the caller of a trial goes away", async () => {
    const { functions, engine, context, call, ask } = testFunctions();
    await functions.install(planOf("shop", "v1"));
    for (let i = 0; i < CRASHES_TO_REST; i++) {
      call("shop");
      engine.lastCall.fail("cpu");
    }
    await context.clock.advance(FIRST_REST_MS);
    const sink = { onOutput: () => {} };
    functions.open("shop", engine.lastCall.input, sink)?.close();
    assert.equal(engine.lastCall.closed, true);
    assert.equal(ask("shop"), "v1");
  });

  test("counts calls of all versions, also of those that are gone", async () => {
    const { functions, engine, call, ask } = testFunctions();
    await functions.install(planOf("shop", "v1"));
    ask("shop");
    call("shop");
    engine.lastCall.fail("trap");
    await functions.put(planOf("shop", "v2"));
    await functions.settled();
    ask("shop");
    const totals = functions.directory.named("shop")?.totals();
    assert.equal(totals?.calls, 3);
    assert.deepEqual([...(totals?.faults ?? [])], [["trap", 1]]);
    assert.equal(totals?.instances, 1);
    assert.equal(functions.directory.named("shop")?.durations.count, 3);
  });

  test("knows when no call is open", async () => {
    const { functions, engine, call } = testFunctions();
    await functions.install(planOf("shop", "v1"));
    await functions.calls.idle();
    call("shop");
    let isIdle = false;
    const idle = functions.calls.idle().then(() => (isIdle = true));
    await settle();
    assert.equal(isIdle, false);
    assert.equal(functions.calls.openCalls, 1);
    engine.lastCall.answer();
    await idle;
  });
});
