import type { BrokerPlace, KafkaOptions } from "./kafka-cluster.ts";

/** A cluster's id is 16 bytes in base64; all clusters of the tests have the same one. */
export const CLUSTER_ID = "bGF5b3R0by10ZXN0LWthZg";

/** What a broker's `server.properties` says. */
export function brokerProperties(
  place: BrokerPlace,
  all: readonly BrokerPlace[],
  { properties = {}, listeners = [] }: KafkaOptions,
): string {
  const replicas = Math.min(3, all.length);
  const named = [{ name: "PLAINTEXT", protocol: "PLAINTEXT" }, ...listeners].map(
    (listener, index) => ({
      ...listener,
      at: `${listener.name}://127.0.0.1:${place.ports[index] ?? 0}`,
    }),
  );
  const lines = {
    "process.roles": "broker,controller",
    "node.id": place.id,
    "controller.quorum.voters": all
      .map((each) => `${each.id}@127.0.0.1:${each.controllerPort}`)
      .join(","),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    listeners: [
      ...named.map(({ at }) => at),
      `CONTROLLER://127.0.0.1:${place.controllerPort}`,
    ].join(","),
    "advertised.listeners": named.map(({ at }) => at).join(","),
    "listener.security.protocol.map": [
      "CONTROLLER:PLAINTEXT",
      ...named.map(({ name, protocol }) => `${name}:${protocol}`),
    ].join(","),
    "log.dirs": place.dataDir,
    "num.partitions": 3,
    "default.replication.factor": replicas,
    "min.insync.replicas": Math.min(2, replicas),
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": Math.min(2, replicas),
    "transaction.state.log.num.partitions": 2,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": Math.min(2, replicas),
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    // A broker that was killed is known to be gone after 1 s instead of 9; where there is one, nobody takes its place,
    // and it must not be shut out because the machine is busy.
    "broker.session.timeout.ms": all.length > 1 ? 1000 : 9000,
    "broker.heartbeat.interval.ms": 200,
    "controller.quorum.election.timeout.ms": 500,
    "controller.quorum.fetch.timeout.ms": 1000,
    "num.network.threads": 1,
    "num.io.threads": 2,
    "background.threads": 1,
    "log.cleaner.enable": "false",
    ...properties,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}
