import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Delivery } from "../component.ts";
import { Ledger } from "./ledger.ts";
import { Recorder } from "./recorder.ts";

describe("Recorder", () => {
  it("take waits for messages that no take has returned", async () => {
    const recorder = new Recorder({ prefetch: 10 });
    recorder.deliver(delivery("a"));
    assert.equal((await recorder.take(1))[0]?.text, "a");
    const next = recorder.take(2);
    recorder.deliver(delivery("b"));
    recorder.deliver(delivery("c"));
    assert.deepEqual(
      (await next).map(({ text }) => text),
      ["b", "c"],
    );
  });

  it("take says what came when it waits too long", async () => {
    const recorder = new Recorder({ prefetch: 10, timeoutMs: 5 });
    recorder.deliver(delivery("a"));
    await assert.rejects(recorder.take(2), /2 messages did not come within 5 ms: 1 .* last: a$/);
  });

  it("finds more than prefetch, and messages after close or pause", () => {
    const recorder = new Recorder({ prefetch: 1 });
    recorder.deliver(delivery("a"));
    recorder.deliver(delivery("b"));
    recorder.ackAll();
    recorder.stop("paused");
    recorder.deliver(delivery("c"));
    assert.equal(recorder.faults.length, 2);
    assert.match(recorder.faults[0] ?? "", /prefetch of 1/);
    assert.match(recorder.faults[1] ?? "", /"c".*paused/);
  });

  it("finds a message that two hold, and none that was revoked, settled or given back", () => {
    const ledger = new Ledger(false);
    const [a, b] = [new Recorder({ prefetch: 9, ledger }), new Recorder({ prefetch: 9, ledger })];
    const first = delivery("x");
    a.deliver(first);
    a.revoke(first);
    b.deliver(delivery("x"));
    b.stop("closed");
    a.deliver(delivery("x"));
    a.release(...a.open);
    a.deliver(delivery("x"));
    assert.deepEqual(ledger.faults, []);
    b.deliver(delivery("x"));
    assert.match(ledger.faults[0] ?? "", /to another subscription/);
  });

  it("finds a lane that is with two", () => {
    const ledger = new Ledger(true);
    const [a, b] = [new Recorder({ prefetch: 9, ledger }), new Recorder({ prefetch: 9, ledger })];
    a.deliver(delivery("x", "lane"));
    a.ackAll();
    b.deliver(delivery("y", "lane"));
    assert.deepEqual(ledger.faults, []);
    a.deliver(delivery("z", "lane"));
    b.deliver(delivery("v", "other"));
    assert.equal(ledger.faults.length, 1);
  });

  it("settles each message once", () => {
    const settled: string[] = [];
    const recorder = new Recorder({ prefetch: 9 });
    recorder.deliver({ ...delivery("a"), ack: () => settled.push("ack") });
    const { open } = recorder;
    recorder.ack(...open);
    recorder.release(...open);
    assert.deepEqual(settled, ["ack"]);
  });
});

function delivery(text: string, lane?: string): Delivery {
  return {
    id: text,
    data: Buffer.from(text),
    lane,
    redelivered: 0,
    metadata: undefined,
    ack: () => undefined,
    release: () => undefined,
  };
}
