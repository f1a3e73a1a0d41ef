import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deferred } from "@layotto/sidecar-kit";
import { settle } from "@layotto/sidecar-kit/testing";
import type { StreamOutput } from "../model/streams.ts";
import { planOf, testFunctions } from "./testing/index.ts";
import { WaitingCall } from "./waiting-call.ts";

const input = {
  mode: "filter",
  phase: "request",
  headers: [],
  body: undefined,
  trailers: undefined,
  bodyFollows: false,
  properties: [],
} as const;

function waiting(name: string) {
  const tested = testFunctions();
  const installed = deferred<void>();
  const outputs: StreamOutput[] = [];
  const sink = { onOutput: (output: StreamOutput) => void outputs.push(output) };
  const open = () => tested.functions.open(name, input, sink);
  const call = new WaitingCall(name, sink, installed.promise, open);
  return { ...tested, installed, outputs, call };
}

describe("WaitingCall", () => {
  test("begins when functions are installed, and ends as its caller says", async () => {
    const { functions, engine, installed, call } = waiting("shop");
    await functions.install(planOf("shop", "v1"));
    await settle();
    assert.equal(engine.calls.length, 0);
    installed.resolve();
    await settle();
    assert.equal(engine.calls.length, 1);
    call.close();
    assert.equal(engine.lastCall.closed, true);
  });

  test("fails when there is no such function then", async () => {
    const { installed, outputs } = waiting("nobody");
    installed.resolve();
    await settle();
    assert.equal(outputs.length, 1);
    assert.equal(outputs[0]?.fault?.message, 'no function "nobody" is installed');
  });

  test("does not begin when it is over before", async () => {
    const { functions, engine, installed, outputs, call } = waiting("shop");
    await functions.install(planOf("shop", "v1"));
    call.close();
    installed.resolve();
    await settle();
    assert.deepEqual([engine.calls.length, outputs.length], [0, 0]);
  });
});
