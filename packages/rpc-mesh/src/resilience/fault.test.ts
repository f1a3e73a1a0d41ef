import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RequestView } from "../call/request.ts";
import type { FaultConfig } from "../model/route.ts";
import { decideFault } from "./fault.ts";
import { seededRandom } from "./testing/simulation.ts";

function request(headers: Readonly<Record<string, string>> = {}): RequestView {
  return {
    protocol: "http1",
    authority: "shop",
    path: "/",
    method: "GET",
    peerAddress: "127.0.0.1",
    header: (name) => headers[name],
    flat: () => Object.entries(headers).flat(),
  };
}

const always: FaultConfig = {
  delay: { percent: 100, ms: 30 },
  abort: { percent: 100, status: 503 },
  headers: [],
};

describe("decideFault", () => {
  it("hits delay and abort each by its own chance", () => {
    const fault: FaultConfig = {
      delay: { percent: 30, ms: 5 },
      abort: { percent: 10, status: 418 },
      headers: [],
    };
    const random = seededRandom(1);
    const seen = { delayed: 0, aborted: 0, both: 0 };
    const runs = 100_000;
    for (let i = 0; i < runs; i += 1) {
      const decided = decideFault(fault, request(), "a", random);
      if (decided === undefined) continue;
      assert.ok(decided.delayMs === 5 || decided.delayMs === 0);
      assert.ok(decided.abort === 418 || decided.abort === 0);
      if (decided.delayMs > 0) seen.delayed += 1;
      if (decided.abort > 0) seen.aborted += 1;
      if (decided.delayMs > 0 && decided.abort > 0) seen.both += 1;
    }
    assert.ok(Math.abs(seen.delayed / runs - 0.3) < 0.01);
    assert.ok(Math.abs(seen.aborted / runs - 0.1) < 0.01);
    assert.ok(Math.abs(seen.both / runs - 0.03) < 0.005);
  });

  it("always hits at 100 and never at 0 percent", () => {
    const never = { ...always, delay: { percent: 0, ms: 1 }, abort: { percent: 0, status: 500 } };
    const random = seededRandom(2);
    for (let i = 0; i < 1000; i += 1) {
      assert.deepEqual(decideFault(always, request(), "a", random), { delayMs: 30, abort: 503 });
      assert.equal(decideFault(never, request(), "a", random), undefined);
    }
  });

  it("spares other clusters and requests whose headers do not match", () => {
    const fault: FaultConfig = {
      ...always,
      cluster: "a",
      headers: [{ name: "x-test", exact: "on" }, { name: "x-user", present: true }],
    }; // prettier-ignore
    const decide = (headers: Record<string, string>, cluster: string): boolean =>
      decideFault(fault, request(headers), cluster, () => 0) !== undefined;
    assert.equal(decide({ "x-test": "on", "x-user": "u" }, "a"), true);
    assert.equal(decide({ "x-test": "on", "x-user": "u" }, "b"), false);
    assert.equal(decide({ "x-test": "off", "x-user": "u" }, "a"), false);
    assert.equal(decide({ "x-test": "on" }, "a"), false);
  });
});
