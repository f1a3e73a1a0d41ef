import type { ComponentTypes } from "@layotto/sidecar-kit";
import type { PubSub } from "../component.ts";

/** The component types that a `pub_subs` component may have. A type is loaded only when it is configured. */
export const pubsubTypes: ComponentTypes<PubSub> = {
  "in-memory": () => import("./in-memory/in-memory.ts").then((m) => m.inMemory),
  embedded: () => import("./embedded/embedded.ts").then((m) => m.embedded),
  redis: () => import("./redis/redis.ts").then((m) => m.redis),
  kafka: () => import("./kafka/kafka.ts").then((m) => m.kafka),
  nats: () => import("./nats/nats.ts").then((m) => m.nats),
  rabbitmq: () => import("./rabbitmq/rabbitmq.ts").then((m) => m.rabbitmq),
  mqtt: () => import("./mqtt/mqtt.ts").then((m) => m.mqtt),
};
