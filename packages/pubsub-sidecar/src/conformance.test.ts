import { pubsubConformance } from "./conformance.ts";
import { SharedBroker } from "./testing/shared-broker.ts";

let topics = 0;

pubsubConformance(
  "a broker with every trait but a backlog",
  () => {
    const broker = new SharedBroker();
    return Promise.resolve({
      open: () => Promise.resolve(broker.open()),
      topic: () => `topic-${++topics}`,
      illegalTopic: "a/b",
      killBroker: () => broker.kill(),
      startBroker: () => broker.start(),
      close: () => broker.core.close(),
    });
  },
  {
    spansProcesses: true,
    outlivesClient: true,
    order: "key",
    restartsBroker: true,
    survivesBroker: true,
    lag: true,
    delay: true,
    redelivered: true,
    quietMs: 20,
    concurrency: 8,
  },
);
