import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { eventually, realWait, TcpProxy, testCall } from "@layotto/sidecar-kit/testing";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import { type KafkaCluster, startKafka } from "./testing/kafka-cluster.ts";
import { skipWithoutKafka } from "./testing/kafka-jars.ts";
import { openKafka, quick } from "./testing/open-kafka.ts";
import { Seen, Traffic } from "./testing/traffic.ts";

const LONG = process.env["LAYOTTO_LONG"] === "1";
const PATIENT_MS = 8000;

describe("kafka in trouble", { skip: skipWithoutKafka() }, () => {
  let cluster: KafkaCluster;
  before(async () => {
    cluster = await startKafka({ properties: { "message.max.bytes": 20_000 } });
  });
  after(() => cluster?.stop());

  it("consumers come and go under load: nothing is lost, and nobody waits longer than the session timeout", async (t) => {
    const topic = `orders-${randomUUID()}`;
    // Far longer than a rebalance lasts on a slow machine: the gap tells whether anybody waited for it.
    const patient = { ...quick, sessionTimeout: `${PATIENT_MS}ms` };
    const clients = await Promise.all([1, 2, 3].map(() => openKafka(cluster.addresses, patient)));
    const [publisher, first, second] = clients;
    assert.ok(publisher && first && second);
    const seen = new Seen();
    const both = [new Seen(), new Seen()] as const;
    const sub = await first.subscribe(subscribeRequest(topic, "workers"), tee(seen, both[0]));
    const traffic = new Traffic(publisher, topic);
    traffic.start(12);
    await eventually("messages", () => seen.count > 100);
    for (let round = 0; round < (LONG ? 10 : 2); round++) {
      const other = await second.subscribe(subscribeRequest(topic, "workers"), tee(seen, both[1]));
      const before = both[1].count;
      await eventually("a share for the second", () => both[1].count > before + 50);
      await other.close();
      const alone = both[0].count;
      await eventually("all for the first", () => both[0].count > alone + 100);
    }
    await traffic.stop();
    await eventually("everything", () => seen.missing(traffic).length === 0);
    t.diagnostic(
      `${traffic.count} acknowledged, ${seen.repeated} came twice, gap ${seen.longestGapMs} ms`,
    );
    assert.deepEqual(traffic.failures, []);
    assert.deepEqual(seen.disordered, []);
    assert.ok(seen.longestGapMs < PATIENT_MS, `nothing came for ${seen.longestGapMs} ms`);
    await sub.close();
    for (const client of clients) await client.close();
  });

  it("an app slower than the session timeout keeps its partitions", async () => {
    const topic = `orders-${randomUUID()}`;
    // Heartbeats go on meanwhile: the session must outlast a process or a broker that stands still for a moment.
    const client = await openKafka(cluster.addresses, { ...quick, sessionTimeout: "2500ms" });
    const seen = new Seen();
    const sub = await client.subscribe(
      subscribeRequest(topic, "slow", { prefetch: 1 }),
      seen.receiver(2800),
    );
    for (const text of ["a:0", "a:1"])
      await client.publish(publishRequest(topic, text, { key: "a" }), testCall());
    await eventually("both", () => seen.count === 2);
    assert.deepEqual([seen.revoked, seen.repeated], [0, 0]);
    await sub.close();
    await client.close();
  });

  it("a broker that hangs: publish ends by its deadline, and goes on when the broker does", async () => {
    const client = await openKafka(cluster.addresses, quick);
    await client.publish(publishRequest("hangs", "a"), testCall());
    const [broker] = cluster.brokers;
    await broker?.freeze();
    try {
      const startMs = Date.now();
      const late = client.publish(publishRequest("hangs", "b"), testCall(startMs + 300));
      await assert.rejects(late, { reason: "BACKEND_TIMEOUT" });
      // Without its deadline it would take the publishTimeout, 10 s.
      assert.ok(Date.now() - startMs < 5000);
    } finally {
      broker?.thaw();
    }
    await client.publish(publishRequest("hangs", "c"), testCall());
    await client.close();
  });

  it("connections cut again and again: every publish is answered, and everything arrives", async () => {
    const topic = `orders-${randomUUID()}`;
    const proxy = await TcpProxy.start(cluster.brokers[0]?.place.ports[0] ?? 0);
    const client = await openKafka(proxy.address, quick);
    const seen = new Seen();
    const sub = await client.subscribe(subscribeRequest(topic, "cut"), seen.receiver());
    const traffic = new Traffic(client, topic);
    traffic.start(3);
    for (let cut = 0; cut < 5; cut++) {
      await realWait(100);
      proxy.cut();
    }
    await traffic.stop();
    await eventually("everything", () => seen.missing(traffic).length === 0, 10_000);
    await sub.close();
    await client.close();
    await proxy.close();
  });

  it("larger than our own limit: refused with both sizes before it is sent", async () => {
    const client = await openKafka(cluster.addresses, { maxMessageBytes: 5000 });
    assert.equal(client.maxMessageBytes, 4900);
    const large = client.publish(publishRequest("large", "x".repeat(4901)), testCall());
    await assert.rejects(large, {
      reason: "BACKEND_LIMIT",
      message: /4901 bytes, kafka takes 4900/,
    });
    await client.publish(publishRequest("large", "x".repeat(4900)), testCall());
    await client.close();
  });

  it("larger than the broker's limit: only those that are too large are refused", async () => {
    const client = await openKafka(cluster.addresses);
    const sizes = [9000, 9000, 25_000, 9000, 9000];
    const sent = sizes.map((size) =>
      client.publish(publishRequest("larger", "x".repeat(size), { key: "k" }), testCall()),
    );
    const results = await Promise.allSettled(sent);
    assert.deepEqual(
      results.map(({ status }) => status === "fulfilled"),
      sizes.map((size) => size < 20_000),
    );
    await assert.rejects(sent[2] ?? Promise.resolve(), { reason: "BACKEND_LIMIT" });
    await client.close();
  });

  it("nothing there at open: UNAVAILABLE; it opens when the broker has come", async () => {
    const [broker] = cluster.brokers;
    await broker?.kill();
    const startMs = Date.now();
    await assert.rejects(openKafka(cluster.addresses), { reason: "BACKEND_UNAVAILABLE" });
    assert.ok(Date.now() - startMs < 5000);
    await broker?.restart();
    const client = await openKafka(cluster.addresses);
    await client.publish(publishRequest("late", "a"), testCall());
    await client.close();
  });
});

/** One consumer's messages, also counted in what the group has seen. */
function tee(group: Seen, own: Seen): ReturnType<Seen["receiver"]> {
  const [all, one] = [group.receiver(), own.receiver()];
  return {
    deliver(delivery) {
      all.deliver(delivery);
      const { data } = delivery;
      one.deliver({ ...delivery, data, ack: () => {} });
    },
    revoke: (delivery) => all.revoke(delivery),
  };
}
