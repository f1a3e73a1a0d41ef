import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { eventually, realWait } from "@layotto/sidecar-kit/testing";
import { subscribeRequest } from "../../testing/requests.ts";
import { type KafkaCluster, startKafka } from "./testing/kafka-cluster.ts";
import { skipWithoutKafka } from "./testing/kafka-jars.ts";
import { openKafka, quick } from "./testing/open-kafka.ts";
import { Seen, Traffic } from "./testing/traffic.ts";

const ROUNDS = process.env["LAYOTTO_LONG"] === "1" ? 6 : 1;
const KEYS = 12;

describe("kafka with three brokers", { skip: skipWithoutKafka() }, () => {
  let cluster: KafkaCluster;
  before(async () => {
    cluster = await startKafka({ brokers: 3 });
  });
  after(() => cluster?.stop());

  it("a broker is killed: no acknowledged message is lost, and each key keeps its order", async (t) => {
    const topic = `orders-${randomUUID()}`;
    const [publisher, consumer] = [
      await openKafka(cluster.addresses, quick),
      await openKafka(cluster.addresses, quick),
    ];
    const seen = new Seen();
    const sub = await consumer.subscribe(subscribeRequest(topic, "workers"), seen.receiver());
    const traffic = new Traffic(publisher, topic);
    traffic.start(KEYS);
    for (let round = 0; round < ROUNDS; round++) {
      await flows(traffic, 200);
      const victim = cluster.brokers[round % 3];
      await victim?.kill();
      await flows(traffic, 500);
      await victim?.restart();
    }
    await flows(traffic, 200);
    await traffic.stop();
    await eventually("everything", () => seen.missing(traffic).length === 0, 20_000);
    t.diagnostic(
      `${traffic.count} acknowledged, ${traffic.failures.length} refused, ${seen.repeated} came twice, gap ${seen.longestGapMs} ms`,
    );
    assert.deepEqual(seen.disordered, []);
    await sub.close();
    await publisher.close();
    await consumer.close();
  });
});

/** Waits until so many more are acknowledged. */
async function flows(traffic: Traffic, more: number): Promise<void> {
  const until = traffic.count + more;
  await eventually(`${more} more`, () => traffic.count >= until, 30_000);
  await realWait(100);
}
