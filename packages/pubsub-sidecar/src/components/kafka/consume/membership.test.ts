import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually, settle } from "@layotto/sidecar-kit/testing";
import { Recorder } from "../../../testing/recorder.ts";
import type { IncomingRecord, KafkaConsumer } from "../port.ts";
import type { Ordering } from "./delivery.ts";
import { Membership } from "./membership.ts";

/** A consumer that notes what it is told. */
class FakeConsumer implements KafkaConsumer {
  readonly paused = new Set<number>();
  readonly commits: Record<number, number>[] = [];
  failing = false;
  closed = false;

  commit(positions: ReadonlyMap<number, number>): Promise<void> {
    if (this.failing) return Promise.reject(new Error("rebalancing"));
    this.commits.push(Object.fromEntries(positions));
    return Promise.resolve();
  }

  pause(partitions: readonly number[]): void {
    for (const each of partitions) this.paused.add(each);
  }

  resume(partitions: readonly number[]): void {
    for (const each of partitions) this.paused.delete(each);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

interface Stage {
  readonly membership: Membership;
  readonly consumer: FakeConsumer;
  readonly app: Recorder;
  readonly endings: unknown[];
}

function join(partitions: number[], { prefetch = 100, ordering = "key" as Ordering } = {}): Stage {
  const app = new Recorder({ prefetch });
  const consumer = new FakeConsumer();
  const endings: unknown[] = [];
  const options = {
    topic: "t",
    ordering,
    prefetch,
    receiver: app,
    ended: (error: unknown) => void endings.push(error),
  };
  const membership = new Membership(options, false);
  membership.assigned(partitions);
  membership.joined(consumer);
  return { membership, consumer, app, endings };
}

function batch(from: number, count: number, key?: string): [IncomingRecord[], number] {
  const records = Array.from({ length: count }, (_, i) => ({
    offset: from + i,
    key: key === undefined ? undefined : Buffer.from(key),
    value: Buffer.from(String(from + i)),
    headers: undefined,
  }));
  return [records, from + count];
}

const offsets = (app: Recorder): number[] => app.received.map(({ text }) => Number(text));

describe("Membership", () => {
  it("acknowledged in any order: commits what is done from the beginning, and the rest with the end", async () => {
    const { membership, consumer, app } = join([0]);
    await membership.records(0, ...batch(5, 3));
    const [a, b, c] = await app.take(3);
    assert.ok(a && b && c);
    app.ack(c, b);
    await eventually("a commit", () => consumer.commits.length > 0);
    assert.deepEqual(consumer.commits.at(-1), { 0: 5 });
    app.ack(a);
    await membership.close();
    assert.deepEqual(consumer.commits.at(-1), { 0: 8 });
    assert.ok(consumer.closed);
  });

  it("what was not acknowledged at close is not committed, and acknowledging it later does nothing", async () => {
    const { membership, consumer, app } = join([0]);
    await membership.records(0, ...batch(0, 2));
    const [a, b] = await app.take(2);
    assert.ok(a && b);
    app.ack(a);
    const closed = membership.close();
    app.ack(b);
    await closed;
    assert.deepEqual(consumer.commits.at(-1), { 0: 1 });
  });

  it("a commit that fails is made again", async () => {
    const { membership, consumer, app } = join([0]);
    consumer.failing = true;
    await membership.records(0, ...batch(0, 1));
    app.ackAll();
    await membership.records(0, ...batch(1, 1));
    const closed = membership.close();
    await settle();
    consumer.failing = false;
    await closed;
    assert.deepEqual(consumer.commits.at(-1), { 0: 2 });
  });

  it("takes partitions in turn", async () => {
    const { membership, app } = join([0, 1], { prefetch: 4 });
    membership.setPaused(true);
    await membership.records(0, ...batch(0, 10));
    await membership.records(1, ...batch(100, 10));
    membership.setPaused(false);
    await app.take(4);
    assert.deepEqual(
      offsets(app)
        .map((each) => each >= 100)
        .sort(),
      [false, false, true, true],
    );
  });

  it("more than is taken: reading waits, then the partition is paused until there is room", async () => {
    const { membership, consumer, app } = join([0], { prefetch: 1 });
    const read = membership.records(0, ...batch(0, 400));
    await read;
    assert.deepEqual([...consumer.paused], [0]);
    app.ackAll();
    assert.deepEqual([...consumer.paused], []);
    assert.equal(app.received.length, 400);
  });

  it("few but large ones make it wait, too", async () => {
    const { membership, consumer } = join([0], { prefetch: 1 });
    const [records, next] = batch(0, 3);
    const large = records.map((record) => ({ ...record, value: Buffer.alloc(200_000) }));
    await membership.records(0, large, next);
    assert.deepEqual([...consumer.paused], [0]);
  });

  it("joined anew: partitions that stay go on where reading was, what was lost is revoked, nobody waits", async () => {
    const { membership, consumer, app } = join([0, 1]);
    await membership.records(0, ...batch(0, 3));
    await membership.records(1, ...batch(100, 3));
    membership.rebalancing();
    assert.deepEqual(membership.assigned([1, 2]), new Map([[1, 103]]));
    assert.deepEqual(
      app.revoked.map(({ text }) => text),
      ["0", "1", "2"],
    );
    await membership.records(0, ...batch(3, 1)); // was under way
    await membership.records(1, ...batch(102, 2)); // 102 is here already
    assert.deepEqual(offsets(app), [0, 1, 2, 100, 101, 102, 103]);
    app.ackAll();
    await membership.close();
    assert.deepEqual(consumer.commits.at(-1), { 1: 104 });
    assert.deepEqual(app.faults, []);
  });

  it("ended: everything is revoked, once", async () => {
    const { membership, app, endings } = join([0]);
    await membership.records(0, ...batch(0, 2));
    const gone = new Error("gone");
    membership.ended(gone);
    membership.ended(gone);
    assert.deepEqual([app.revoked.length, endings], [2, [gone]]);
    await membership.records(0, ...batch(2, 2));
    assert.equal(app.received.length, 2);
  });

  it("the topic was made anew: its first messages are not taken for known ones", async () => {
    const { membership, consumer, app } = join([0]);
    await membership.records(0, ...batch(50, 2));
    app.ack(...app.open);
    await membership.records(0, ...batch(0, 2));
    assert.deepEqual(offsets(app), [50, 51, 0, 1]);
    app.ackAll();
    await membership.close();
    assert.deepEqual(consumer.commits.at(-1), { 0: 2 });
  });

  const lanes: Record<Ordering, (string | undefined)[]> = {
    key: ["3/red", "3"],
    partition: ["3", "3"],
    none: [undefined, undefined],
  };
  for (const ordering of ["key", "partition", "none"] as const) {
    it(`ordering ${ordering}: lanes are ${lanes[ordering].join(" and ")}`, async () => {
      const { membership, app } = join([3], { ordering });
      await membership.records(3, ...batch(0, 1, "red"));
      await membership.records(3, ...batch(1, 1));
      assert.deepEqual(
        app.received.map(({ delivery }) => delivery.lane),
        lanes[ordering],
      );
      assert.deepEqual(
        app.received.map(({ delivery }) => delivery.id),
        ["t-3-0", "t-3-1"],
      );
    });
  }

  it("headers become metadata; without any there is none", async () => {
    const { membership, app } = join([0]);
    const [[record]] = batch(0, 1, "red");
    assert.ok(record);
    await membership.records(
      0,
      [record, { ...record, offset: 1, headers: [["who", Buffer.from("me")]] }],
      2,
    );
    const [plain, rich] = app.received;
    assert.equal(plain?.delivery.metadata, undefined);
    const expected = { who: "me", __key: "red", __topic: "t", __partition: "0", __offset: "1" };
    assert.deepEqual(rich?.delivery.metadata, expected);
  });
});
