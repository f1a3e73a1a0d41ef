import { redisServer, withoutRedis } from "@layotto/redis-connection/testing";
import { pubsubConformance } from "../../conformance.ts";
import { openRedis } from "./testing/open.ts";

let topics = 0;

pubsubConformance(
  "redis",
  async () => {
    const server = await redisServer("--appendonly", "yes", "--appendfsync", "always");
    return {
      open: () => openRedis(server.address),
      topic: () => `topic-${++topics}`,
      illegalTopic: "",
      killBroker: () => server.kill(),
      startBroker: () => server.restart(),
      close: () => server.end(),
    };
  },
  {
    skip: withoutRedis,
    spansProcesses: true,
    outlivesClient: true,
    backlog: true,
    restartsBroker: true,
    survivesBroker: true,
    lag: true,
    delay: true,
    redelivered: true,
  },
);
