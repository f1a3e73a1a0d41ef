import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { eventually, settle } from "@layotto/sidecar-kit/testing";
import { KafkaFault } from "../fault.ts";
import { FakeClient, type Sending } from "../testing/fake-client.ts";
import { maxDataBytes, Publisher } from "./publisher.ts";

const AWAY = new KafkaFault("away", "no broker");

describe("Publisher", () => {
  let client: FakeClient;
  let publisher: Publisher;
  beforeEach(() => {
    client = new FakeClient();
    publisher = new Publisher(client, { maxBatchBytes: 1000, timeoutMs: 5000 }, silentLogger);
  });
  afterEach(() => publisher.close(0));

  const publish = (text: string, key?: string, deadlineMs = Infinity): Promise<string> => {
    const answer = publisher.publish("t", key, Buffer.from(text), deadlineMs);
    answer.catch(() => {});
    return answer;
  };
  const sending = (): Promise<Sending> => eventually("a batch", () => client.sendings.shift());

  it("gathers a turn into one batch; each gets its own offset, and not before the broker has answered", async () => {
    const answers = ["a", "b", "c"].map((text) => publish(text));
    const batch = await sending();
    assert.deepEqual(batch.values, ["a", "b", "c"]);
    let early = false;
    void answers[0]?.then(() => (early = true));
    await settle();
    assert.equal(early, false);
    batch.resolve(41);
    assert.deepEqual(await Promise.all(answers), ["t-0-41", "t-0-42", "t-0-43"]);
  });

  it("one batch per partition at a time: what comes meanwhile is the next", async () => {
    const first = publish("a");
    const batch = await sending();
    const rest = [publish("b"), publish("c")];
    await settle();
    assert.equal(client.calls, 1);
    batch.resolve(0);
    await first;
    const next = await sending();
    assert.deepEqual(next.values, ["b", "c"]);
    next.resolve(1);
    await Promise.all(rest);
  });

  it("no batch is larger than the broker takes", async () => {
    const answers = ["a", "b", "c"].map((text) => publish(text.repeat(400)));
    const sizes: number[] = [];
    for (let batches = 0; batches < 2; batches++) {
      const batch = await sending();
      sizes.push(batch.values.length);
      batch.resolve(batches * 2);
    }
    await Promise.all(answers);
    assert.deepEqual(sizes, [2, 1]);
    assert.equal(maxDataBytes(1000), 900);
  });

  it("keys choose the partition; messages without key of a turn go to one, then to the next", async () => {
    client.partitionCount = 3;
    const chosen: string[] = [];
    client.onSend = (batch) => {
      chosen.push(`${batch.values.join("+")}@${batch.partition}`);
      batch.resolve(0);
    };
    await Promise.all([publish("k", "foobar"), publish("l", "foobar")]);
    await Promise.all([publish("a"), publish("b")]);
    await publish("c");
    const [keyed, first, second] = chosen;
    assert.equal(keyed, "k+l@0");
    assert.match(first ?? "", /^a\+b@/);
    assert.match(second ?? "", /^c@/);
    assert.notEqual(first?.at(-1), second?.at(-1));
  });

  it("trouble that passes: the same batch again, before all that came later", async () => {
    const answers = [publish("a"), publish("b")];
    const first = await sending();
    answers.push(publish("c"));
    first.reject(AWAY);
    const again = await sending();
    assert.deepEqual(again.values, ["a", "b"]);
    again.resolve(0);
    (await sending()).resolve(2);
    assert.deepEqual(await Promise.all(answers), ["t-0-0", "t-0-1", "t-0-2"]);
  });

  it("trouble that does not pass: UNAVAILABLE at the deadline, and it is not sent any more", async () => {
    client.onSend = (batch) => batch.reject(AWAY);
    await assert.rejects(publish("a", undefined, Date.now() + 100), {
      reason: "BACKEND_UNAVAILABLE",
    });
    await settle();
    const { calls } = client;
    await eventually("calm", () => client.calls === calls);
  });

  it("no answer: TIMEOUT at the deadline; what was not sent yet is never sent", async () => {
    const answers = [publish("a", undefined, Date.now() + 300)];
    const batch = await sending();
    answers.push(publish("b", undefined, Date.now() + 300));
    for (const answer of answers) await assert.rejects(answer, { reason: "BACKEND_TIMEOUT" });
    batch.resolve(0);
    await settle();
    assert.equal(client.calls, 1);
  });

  it("the broker takes less than we thought: only what is too large by itself is refused", async () => {
    client.onSend = ({ values, resolve, reject }) => {
      const size = values.join("").length;
      if (size > 50) reject(new KafkaFault("too-large", `${size} bytes`));
      else resolve(values.length);
    };
    const results = await Promise.allSettled(
      [30, 60, 30, 20].map((size) => publish("x".repeat(size))),
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    await assert.rejects(publish("x".repeat(51)), { reason: "BACKEND_LIMIT" });
  });

  it("any other failure is that of the whole batch, and the next one goes on", async () => {
    const bad = publish("a");
    (await sending()).reject(new KafkaFault("refused", "not allowed"));
    await assert.rejects(bad, { reason: "BACKEND_UNAVAILABLE", message: /not allowed/ });
    const good = publish("b");
    (await sending()).resolve(0);
    await good;
  });

  it("close: waits for what is under way, refuses what is left and what comes after", async () => {
    const [done, left] = [publish("a"), publish("b", "k")];
    client.partitionCount = 1;
    const batch = await sending();
    const closed = publisher.close(1000);
    await assert.rejects(publish("c"), { reason: "BACKEND_UNAVAILABLE" });
    batch.resolve(0);
    await closed;
    assert.deepEqual(await Promise.all([done, left]), ["t-0-0", "t-0-1"]);
  });

  it("close: what hangs is refused after the grace", async () => {
    const hangs = publish("a");
    await sending();
    await publisher.close(20);
    await assert.rejects(hangs, { reason: "BACKEND_UNAVAILABLE" });
  });
});
