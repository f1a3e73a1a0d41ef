import { randomUUID } from "node:crypto";
import { pubsubConformance, type PubSubHarness } from "../../conformance.ts";
import { startKafka } from "./testing/kafka-cluster.ts";
import { skipWithoutKafka } from "./testing/kafka-jars.ts";
import { openKafka, quick } from "./testing/open-kafka.ts";

async function start(): Promise<PubSubHarness> {
  const cluster = await startKafka();
  const [broker] = cluster.brokers;
  return {
    open: () => openKafka(cluster.addresses, quick),
    topic: () => `orders.${randomUUID().slice(0, 8)}`,
    illegalTopic: "orders/new",
    killBroker: async () => broker?.kill(),
    startBroker: async () => broker?.restart(),
    close: () => cluster.stop(),
  };
}

pubsubConformance("kafka", start, {
  skip: skipWithoutKafka(),
  spansProcesses: true,
  outlivesClient: true,
  backlog: true,
  order: "partition",
  acks: "prefix",
  restartsBroker: true,
  survivesBroker: true,
  lag: true,
  timeoutMs: 20_000,
  concurrency: 4,
});
