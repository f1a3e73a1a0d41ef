import { randomUUID } from "node:crypto";
import { pubsubConformance, type PubSubHarness } from "../../conformance.ts";
import { natsServer, openNats, withoutNats } from "./testing/server.ts";

async function start(): Promise<PubSubHarness> {
  const server = await natsServer();
  return {
    open: () => openNats(server.address),
    topic: () => `orders.${randomUUID().slice(0, 8)}`,
    illegalTopic: "orders.*",
    killBroker: () => server.kill(),
    startBroker: () => server.restart(),
    close: () => server.end(),
  };
}

pubsubConformance("nats", start, {
  skip: withoutNats,
  spansProcesses: true,
  outlivesClient: true,
  backlog: true,
  restartsBroker: true,
  survivesBroker: true,
  lag: true,
  redelivered: true,
});
