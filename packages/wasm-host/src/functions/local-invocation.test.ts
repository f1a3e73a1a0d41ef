import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CallOrigin } from "../host/host-services.ts";
import { WasmStatus, type HostAnswer } from "../model/host-calls.ts";
import { localInvocations } from "./local-invocation.ts";
import { planOf, testFunctions } from "./testing/index.ts";

const origin: CallOrigin = { deadline: 99, depth: 2, metadata: { traceparent: "t" } };

function tested() {
  const base = testFunctions();
  const answers: HostAnswer[] = [];
  const invoke = localInvocations(base.functions);
  const data = new TextEncoder().encode("book1");
  return {
    ...base,
    answers,
    invoke: (id: string, method = "", body = data) =>
      invoke(id, method, body, origin, (answer) => answers.push(answer)),
  };
}

describe("localInvocations", () => {
  test("calls a function by id as if it came over HTTP", async () => {
    const { functions, engine, answers, invoke } = tested();
    await functions.install(planOf("shop", "v1 id=id_2"));
    assert.equal(invoke("id_2"), true);
    const { input, options } = engine.lastCall;
    assert.deepEqual(input.headers, [":method", "POST", ":path", "/", ":authority", "id_2", ":scheme", "http", "id", "id_2"]); // prettier-ignore
    assert.equal(new TextDecoder().decode(input.body), "book1");
    assert.deepEqual(options, { ...origin, nested: true });
    engine.lastCall.answer("100");
    assert.equal(answers[0]?.status, WasmStatus.OK);
    assert.equal(new TextDecoder().decode(answers[0]?.value), "100");
  });

  test("takes the method for the path", async () => {
    const { functions, engine, invoke } = tested();
    await functions.install(planOf("shop", "v1"));
    invoke("shop", "/stock?x=1");
    assert.equal(engine.lastCall.input.headers[3], "/stock?x=1");
    invoke("shop", "stock", new Uint8Array());
    assert.equal(engine.lastCall.input.headers[3], "/stock");
    assert.equal(engine.lastCall.input.body, undefined);
  });

  test("fails with every answer but 200, and with faults", async () => {
    const { functions, engine, answers, invoke } = tested();
    await functions.install(planOf("shop", "v1"));
    invoke("shop");
    engine.lastCall.answer("no", 404);
    invoke("shop");
    engine.lastCall.fail("trap");
    assert.deepEqual(
      answers.map(({ status }) => status),
      [WasmStatus.INTERNAL_FAILURE, WasmStatus.INTERNAL_FAILURE],
    );
  });

  test("says that there is no such function here", () => {
    const { answers, invoke } = tested();
    assert.equal(invoke("elsewhere"), false);
    assert.deepEqual(answers, []);
  });
});
