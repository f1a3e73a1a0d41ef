import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PhaseInput } from "../model/streams.ts";
import { CRASHES_TO_REST, FIRST_REST_MS } from "./back-off.ts";
import { planOf, requestInput, TestSink, testFunctions } from "./testing/index.ts";

const response: PhaseInput = {
  phase: "response",
  headers: [":status", "200"],
  body: undefined,
  trailers: undefined,
  bodyFollows: false,
};

async function filter() {
  const tested = testFunctions();
  await tested.functions.install(planOf("shop", "v1"));
  const sink = new TestSink();
  const open = () => tested.functions.open("shop", requestInput({ mode: "filter" }), sink);
  return { ...tested, sink, open, count: () => tested.functions.directory.named("shop")?.durations.count };
} // prettier-ignore

describe("FunctionCall", () => {
  test("goes through the phases of a filter and counts each", async () => {
    const { functions, engine, sink, open, count } = await filter();
    const stream = open();
    engine.lastCall.goOn();
    stream?.next(response);
    assert.deepEqual(engine.lastCall.phases, [response]);
    engine.lastCall.goOn();
    assert.deepEqual(
      sink.outputs.map(({ outcome }) => outcome),
      ["continue", "continue"],
    );
    assert.equal(count(), 2);
    assert.equal(functions.calls.openCalls, 1, "it is open until it is closed");
    stream?.close();
    stream?.close();
    assert.equal(functions.calls.openCalls, 0);
  });

  test("tells nothing and does nothing more after its end", async () => {
    const { engine, sink, open } = await filter();
    const stream = open();
    engine.lastCall.answer("no");
    stream?.next(response);
    stream?.close();
    engine.lastCall.goOn();
    assert.equal(sink.outputs.length, 1);
    assert.deepEqual(engine.lastCall.phases, []);
    assert.equal(engine.lastCall.closed, false, "the engine has closed it already");
  });

  test("tells nothing after it was closed", async () => {
    const { engine, sink, open } = await filter();
    open()?.close();
    engine.lastCall.goOn();
    assert.deepEqual(sink.outputs, []);
    assert.equal(engine.lastCall.closed, true);
  });

  test("ends a rest with the first phase that goes well", async () => {
    const { engine, call, context, open, ask } = await filter();
    for (let i = 0; i < CRASHES_TO_REST; i++) {
      call("shop");
      engine.lastCall.fail("trap");
    }
    await context.clock.advance(FIRST_REST_MS);
    open();
    assert.equal(ask("shop"), "back-off");
    engine.lastCall.goOn();
    assert.equal(ask("shop"), "v1");
  });

  test("lets the next call try after a trial that took too long", async () => {
    const { engine, call, context, ask } = await filter();
    for (let i = 0; i < CRASHES_TO_REST; i++) {
      call("shop");
      engine.lastCall.fail("trap");
    }
    await context.clock.advance(FIRST_REST_MS);
    call("shop");
    engine.lastCall.fail("timeout");
    assert.equal(ask("shop"), "v1");
  });
});
