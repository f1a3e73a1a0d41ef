import { skipWithout, testComponentContext } from "@layotto/sidecar-kit/testing";
import { pubsubConformance } from "../../conformance.ts";
import { mqttMetadata } from "./metadata.ts";
import { MqttPubSub } from "./mqtt.ts";
import { startMosquitto } from "./testing/broker.ts";

let topics = 0;

// One process has the session of a group at a time, so two clients do not share: no trait `spansProcesses`.
pubsubConformance(
  "mqtt",
  async () => {
    const broker = await startMosquitto();
    return {
      open: () => MqttPubSub.open(mqttMetadata.parse({ url: broker.url }), testComponentContext()),
      topic: () => `orders/topic-${++topics}`,
      illegalTopic: "orders/#",
      killBroker: () => broker.server.kill(),
      startBroker: () => broker.server.restart(),
      close: () => broker.stop(),
    };
  },
  {
    skip: skipWithout("mosquitto"),
    outlivesClient: true,
    order: "key",
    redelivered: true,
    restartsBroker: true,
    concurrency: 4,
  },
);
