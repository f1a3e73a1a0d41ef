import { randomUUID } from "node:crypto";
import type { PubSub } from "../../component.ts";
import { pubsubConformance, type PubSubHarness } from "../../conformance.ts";
import { openRabbit, rabbitServer, connected, withoutRabbit } from "./testing/server.ts";

async function start(): Promise<PubSubHarness> {
  const server = await rabbitServer();
  const clients: PubSub[] = [];
  return {
    open: async () => {
      const client = await openRabbit(server.url);
      clients.push(client);
      return client;
    },
    topic: () => `orders.${randomUUID().slice(0, 8)}`,
    illegalTopic: "amq.topic",
    killBroker: () => server.kill(),
    startBroker: async () => {
      await server.restart();
      await Promise.all(clients.slice(0, 2).map(connected));
    },
    close: () => server.end(),
  };
}

pubsubConformance("rabbitmq", start, {
  skip: withoutRabbit,
  spansProcesses: true,
  outlivesClient: true,
  restartsBroker: true,
  survivesBroker: true,
  lag: true,
  redelivered: true,
  timeoutMs: 20_000,
});
