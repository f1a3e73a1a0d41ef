import { skipWithout } from "@layotto/sidecar-kit/testing";
import { skipWithoutKafka } from "@layotto/pubsub-sidecar/testing";
import {
  type Broker,
  startKafkaBrokers,
  startMqttBroker,
  startNatsBroker,
  startNothing,
  startRabbitBroker,
  startRedisBroker,
} from "./brokers.ts";
import type { KillName } from "./kills.ts";
import type { Scope } from "../harness/scope.ts";

/** What is claimed for a component type, and what it needs to be shown. */
export interface ChaosType {
  /** Kills that lose nothing. */
  readonly kills: readonly KillName[];
  /** Whether messages of one key arrive in the order in which they were published. */
  readonly keepsOrder: boolean;
  /** For so long after a kill a message may come twice because of it, ms. */
  readonly aftermathMs: number;
  /** Why it cannot be shown here, or false. */
  skip(): string | false;
  /** Starts the broker with the settings under which the claim holds. */
  start(scope: Scope): Promise<Broker>;
}

const all: readonly KillName[] = ["app", "sidecar", "gateway", "broker"];
const exceptBroker: readonly KillName[] = ["app", "sidecar", "gateway"];

/** Everything that docs/components.md claims. */
export const chaosTypes: Readonly<Record<string, ChaosType>> = {
  "in-memory": {
    kills: ["app"],
    keepsOrder: true,
    aftermathMs: 500,
    skip: () => false,
    start: startNothing,
  },
  embedded: {
    kills: exceptBroker,
    keepsOrder: true,
    aftermathMs: 1000,
    skip: () => false,
    start: startNothing,
  },
  redis: {
    kills: all,
    keepsOrder: false,
    aftermathMs: 4000,
    skip: () => skipWithout("redis-server"),
    start: startRedisBroker,
  },
  kafka: {
    kills: all,
    keepsOrder: true,
    aftermathMs: 8000,
    skip: () => skipWithoutKafka(),
    start: startKafkaBrokers,
  },
  nats: {
    kills: all,
    keepsOrder: false,
    aftermathMs: 4000,
    skip: () => skipWithout("nats-server"),
    start: startNatsBroker,
  },
  rabbitmq: {
    kills: all,
    keepsOrder: false,
    aftermathMs: 4000,
    skip: () => skipWithout("rabbitmq-server"),
    start: startRabbitBroker,
  },
  mqtt: {
    kills: exceptBroker,
    keepsOrder: false,
    aftermathMs: 4000,
    skip: () => skipWithout("mosquitto"),
    start: startMqttBroker,
  },
};
