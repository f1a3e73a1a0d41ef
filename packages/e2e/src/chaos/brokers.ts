import { setTimeout as pause } from "node:timers/promises";
import {
  natsServer,
  rabbitServer,
  startKafka,
  startMosquitto,
} from "@layotto/pubsub-sidecar/testing";
import { startRedis } from "@layotto/sidecar-kit/testing";
import type { Scope } from "../harness/scope.ts";
import { untilInSync } from "./kafka-sync.ts";

/** A broker of a run. */
export interface Broker {
  /** For the component's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Settings under which the claim holds. */
  readonly settings: string;
  /**
   * Kills it, and starts it again with the same data after `awayMs`; resolves when it may be killed again.
   *
   * @param random says which one, when there are several
   */
  strike(awayMs: number, random: () => number): Promise<void>;
}

/** For replicas to catch up, ms. */
const SYNC_MS = 60_000;

interface Killable {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Kills a server and starts it again after a while. */
async function bounce(server: Killable, awayMs: number): Promise<void> {
  await server.kill();
  await pause(awayMs);
  await server.restart();
}

/** For types that live in the sidecar. */
export function startNothing(): Promise<Broker> {
  const strike = (): Promise<void> => Promise.reject(new Error("there is no broker to kill"));
  return Promise.resolve({ metadata: {}, settings: "", strike });
}

export async function startRedisBroker(scope: Scope): Promise<Broker> {
  const args = [
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--maxmemory-policy",
    "noeviction",
  ];
  const server = await startRedis(scope.folder(), args);
  scope.defer(() => server.stop());
  return {
    metadata: { redisHost: server.address, processingTimeout: "2s", redeliverInterval: "500ms" },
    settings: "appendonly yes, appendfsync always, maxmemory-policy noeviction",
    strike: (awayMs) => bounce(server, awayMs),
  };
}

export async function startKafkaBrokers(scope: Scope): Promise<Broker> {
  const cluster = await startKafka({ brokers: 3 });
  scope.defer(() => cluster.stop());
  const { brokers, addresses } = cluster;
  const ports = brokers.map(({ place }) => place.ports[0] ?? 0);
  return {
    metadata: { brokers: addresses, sessionTimeout: "3s", heartbeatInterval: "500ms" },
    settings: "3 brokers, replication 3, min.insync.replicas 2; one is killed at a time",
    strike: async (awayMs, random) => {
      const broker = brokers[Math.floor(random() * brokers.length)];
      if (broker === undefined) throw new Error("the cluster has no brokers");
      await bounce(broker, awayMs);
      await untilInSync(ports, SYNC_MS);
    },
  };
}

export async function startNatsBroker(scope: Scope): Promise<Broker> {
  const server = await natsServer();
  scope.defer(() => server.end());
  return {
    metadata: { natsURL: server.address, ackWaitTime: "1s" },
    settings: "JetStream, file storage; sync_interval as it is: 2.9 has no such setting",
    strike: (awayMs) => bounce(server, awayMs),
  };
}

export async function startRabbitBroker(scope: Scope): Promise<Broker> {
  const server = await rabbitServer();
  scope.defer(() => server.end());
  return {
    metadata: { host: server.url, reconnectWaitSeconds: "1" },
    settings: "durable queues, persistent messages, confirms",
    strike: (awayMs) => bounce(server, awayMs),
  };
}

export async function startMqttBroker(scope: Scope): Promise<Broker> {
  // It is not killed, so it need not write its data at each change, which would slow it down.
  const lines = [
    "max_inflight_messages 1000",
    "max_queued_messages 0",
    "autosave_on_changes false",
  ];
  const broker = await startMosquitto(lines);
  scope.defer(() => broker.stop());
  return {
    metadata: { url: broker.url },
    settings: "QoS 1, persistent sessions, max_queued_messages 0",
    strike: (awayMs) => bounce(broker.server, awayMs),
  };
}
