import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { depthHeader, nestingOf, type Nesting } from "../model/call-depth.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { factsOf } from "../model/request-facts.ts";
import { withValue } from "./answers.ts";
import { type CallOrigin, maxDepth } from "./host-services.ts";
import { ask, fakeCaller, textOf } from "./testing/fake-caller.ts";
import { testServices } from "./testing/test-services.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));

describe("invoke_service", () => {
  it("goes to a function of this host, which inherits deadline and metadata, one deeper", async (test) => {
    let seen: { id: string; method: string; origin: CallOrigin } | undefined;
    const { services } = await testServices(
      test,
      {},
      {
        invokeLocal: (id, method, data, origin, answer) => {
          seen = { id, method, origin };
          answer(withValue(octets(`local ${Buffer.from(data).toString()}`)));
          return true;
        },
      },
    );
    const caller = fakeCaller({ services: ["id_2"] });
    caller.depth = 3;
    caller.metadata = { traceparent: "t" };
    const answer = await ask(services, caller, "invoke_service", "id_2", "", octets("book1"));
    assert.equal(textOf(answer), "local book1");
    const { deadline, metadata } = caller;
    assert.deepEqual(seen, { id: "id_2", method: "", origin: { deadline, depth: 4, metadata } });
  });

  it("goes through the Runtime API to anything else, and says how deep it is", async (test) => {
    const { services } = await testServices(test, {
      invokeService: ({ id, message }, call) => {
        const data = Buffer.from(message?.data?.value ?? []).toString();
        const { depth, nested } = nestingOf(String(call.metadata.get(depthHeader)));
        return { data: { value: octets(`${id} ${message?.method} ${data} ${depth} ${nested}`) } };
      },
    });
    const caller = fakeCaller({ services: ["orders"] });
    const answer = await ask(services, caller, "invoke_service", "orders", "/list", octets("x"));
    assert.equal(textOf(answer), "orders /list x 1 true");
  });

  it("tells the next host of all hosts on the way", async (test) => {
    const seen: Nesting[] = [];
    const { services } = await testServices(test, {
      invokeService: (_request, call) => {
        seen.push(nestingOf(call.metadata.getAll(depthHeader).join()));
        return {};
      },
    });
    const caller = fakeCaller({ services: ["orders"] });
    const theirs = `1;${"A".repeat(16)}`;
    const { depth = 0, metadata = {} } = factsOf([depthHeader, theirs]).options;
    Object.assign(caller, { depth, metadata });
    await ask(services, caller, "invoke_service", "orders", "/list", octets("x"));
    assert.deepEqual(seen, [{ depth: 2, nested: true, others: theirs }]);
  });

  it("ends at the depth limit, and logs it", async (test) => {
    const { services, lines } = await testServices(
      test,
      {},
      { invokeLocal: () => assert.fail("too deep") },
    );
    const caller = fakeCaller({ services: ["*"] });
    caller.depth = maxDepth;
    const answer = await ask(services, caller, "invoke_service", "id_2", "", octets(""));
    assert.equal(answer.status, WasmStatus.INTERNAL_FAILURE);
    assert.ok(lines.some(({ msg }) => msg === "functions call each other too deep"));
  });
});
